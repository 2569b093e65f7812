// Written by scripts/generate_dashboard_types.py; do not edit.

/** The parts of a preset of which only the name is known. */
export const USUAL_PRESET = {
  "name": "",
  "config": {
    "max_screenshare_count": 1,
    "max_video_streams": {
      "desktop": 6,
      "mobile": 4
    },
    "media": {
      "screenshare": {
        "frame_rate": 5,
        "quality": "hd"
      },
      "video": {
        "frame_rate": 30,
        "quality": "hd"
      }
    },
    "view_type": "GROUP_CALL"
  },
  "permissions": {
    "accept_waiting_requests": false,
    "can_accept_production_requests": false,
    "can_change_participant_permissions": false,
    "can_edit_display_name": false,
    "can_livestream": false,
    "can_record": false,
    "can_spotlight": false,
    "chat": {
      "private": {
        "can_receive": true,
        "can_send": true,
        "files": true,
        "text": true
      },
      "public": {
        "can_send": true,
        "files": true,
        "text": true
      }
    },
    "connected_meetings": {
      "can_alter_connected_meetings": false,
      "can_switch_connected_meetings": false,
      "can_switch_to_parent_meeting": false
    },
    "disable_participant_audio": false,
    "disable_participant_screensharing": false,
    "disable_participant_video": false,
    "hidden_participant": false,
    "kick_participant": false,
    "media": {
      "audio": {
        "can_produce": "ALLOWED"
      },
      "screenshare": {
        "can_produce": "ALLOWED"
      },
      "video": {
        "can_produce": "ALLOWED"
      }
    },
    "pin_participant": false,
    "plugins": {
      "can_close": false,
      "can_edit_config": false,
      "can_start": false,
      "config": {}
    },
    "polls": {
      "can_create": false,
      "can_view": true,
      "can_vote": true
    },
    "recorder_type": "NONE",
    "show_participant_list": true,
    "waiting_room_type": "SKIP"
  },
  "ui": {
    "design_tokens": {
      "border_radius": "rounded",
      "border_width": "thin",
      "colors": {
        "background": {
          "1000": "#0b0d10",
          "600": "#39424d",
          "700": "#2b323b",
          "800": "#1f242b",
          "900": "#15181d"
        },
        "brand": {
          "300": "#9db7f0",
          "400": "#6f95e6",
          "500": "#3f6fd8",
          "600": "#2f57b0",
          "700": "#24448a"
        },
        "danger": "#c4352b",
        "success": "#2f7d4f",
        "text": "#f1f3f5",
        "text_on_brand": "#ffffff",
        "video_bg": "#101317",
        "warning": "#b7791f"
      },
      "spacing_base": 4,
      "theme": "dark"
    }
  }
};
