"""The remedy of each cause: a stable key for programs and a clause for people."""

from typing import Final, NamedTuple


class Advice(NamedTuple):
    """`key` names the remedy, independent of its wording. `clause` continues "What to do: …";
    `{name}` in it stands for the participant who can act."""

    key: str
    clause: str


_LINE: Final = Advice(
    "wired_or_nearer",
    "connect {name} by cable or nearer to the Wi-Fi access point, switch the camera off, "
    "and if that does not help have the line checked by the provider",
)
_MICROPHONE: Final = Advice(
    "check_microphone",
    "have {name} choose another microphone, switch it on at the device itself and allow the page "
    "to use it",
)
_CAMERA: Final = Advice(
    "check_camera",
    "have {name} close other programs that use the camera, choose another camera and allow the "
    "page to use it",
)
_RECONNECT: Final = Advice(
    "steady_connection",
    "keep {name} on one network during a call: no roaming between access points, no VPN that "
    "reconnects, no sleeping machine",
)

ADVICE: Final[dict[str, Advice]] = {
    "uplink": _LINE,
    "downlink": _LINE,
    "reception": Advice(
        "check_both_ends",
        "check the connection at both ends, by cable or nearer to the Wi-Fi access point, "
        "and collect the reports of everybody in the call",
    ),
    "server": Advice(
        "check_server",
        "look at the media server, its load and the network before it at that time",
    ),
    "sender": Advice("see_sender", "see what is advised for {name}"),
    "relay_tcp": Advice(
        "open_udp",
        "let UDP out of {name}'s network to the TURN server (port 3478)",
    ),
    "round_trip": Advice(
        "nearer_server", "use a server nearer to {name} and switch a VPN of {name}'s off"
    ),
    "lateness": Advice(
        "calm_line_and_machine",
        "connect {name} by cable, stop downloads on the same line and close other programs",
    ),
    "bandwidth": Advice(
        "less_to_send",
        "send a smaller picture from {name} and stop uploads on the same line",
    ),
    "cpu": Advice(
        "lighter_load",
        "send a smaller picture from {name}, close other programs and switch background effects "
        "off",
    ),
    "one_way_audio": Advice(
        "rejoin",
        "have {name} rejoin; if that does not help, let UDP through {name}'s firewall",
    ),
    "no_video_received": Advice("rejoin", "have {name} rejoin or reload the page"),
    "audio_not_played": Advice(
        "choose_speaker",
        "have {name} click into the page, so that it may play sound, and choose a loudspeaker",
    ),
    "silent_microphone": _MICROPHONE,
    "constant_audio": _MICROPHONE,
    "no_audio_sent": _MICROPHONE,
    "no_video_sent": _CAMERA,
    "poor_sound": Advice(
        "look_closer", "compare the charts of the streams; another network or machine may help"
    ),
    "poor_picture": Advice(
        "look_closer", "compare the charts of the streams; another network or machine may help"
    ),
    "poor_sound_sent": Advice("check_sender", "try another microphone or machine for {name}"),
    "poor_picture_sent": Advice("check_sender", "try another camera or machine for {name}"),
    "interruption": _RECONNECT,
    "rejoined": _RECONNECT,
    "slow_connect": Advice(
        "open_udp", "let UDP out of {name}'s network to the media and TURN servers"
    ),
    "no_answer": Advice(
        "check_signalling", "look why the other side of {name}'s connection did not answer"
    ),
    "no_relay_candidate": Advice(
        "offer_turn",
        "give {name}'s page a TURN server that it can reach, over TCP and TLS as well, and "
        "credentials for it",
    ),
    "media_refused": Advice(
        "allow_devices",
        "have {name} allow camera and microphone for the page and see that nothing else uses them",
    ),
    "stats_gap": Advice(
        "keep_page_open",
        "keep {name}'s page open and awake during the call, with the collector in it",
    ),
}
"""By cause."""
