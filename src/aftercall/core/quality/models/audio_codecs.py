"""Published impairments of audio codecs, and their robustness against loss.

Constants are on the scale of the bandwidth they were measured for; `mos_audio` converts them to one
scale. Sources: G.113 Appendix I (11/2007) for narrowband, IV and V (09/2024) for AMR-WB and EVS,
which call themselves provisional planning values; for Opus, which has no ITU-T values, Alahmadi,
Pocta, Melvin, ACM TOMM 17(4) 2021.
"""

from collections.abc import Mapping
from typing import Final

import msgspec


class CodecImpairment(msgspec.Struct, frozen=True):
    """Equipment impairment (`ie`) and loss robustness (`bpl`), on the scale of `bandwidth` (`nb`,
    `wb` or `fb`). A codec without `bpl` has no published robustness."""

    bandwidth: str
    ie: float
    bpl: float | None


G711_WITHOUT_PLC: Final = CodecImpairment("nb", 0.0, 4.3)
"""A receiver without packet loss concealment; no browser is one."""
G711: Final = CodecImpairment("nb", 0.0, 25.1)
G723: Final = CodecImpairment("nb", 15.0, 16.1)
"""At 6.3 kbit/s with voice activity detection, the only published row."""
G729: Final = CodecImpairment("nb", 11.0, 19.0)
"""Annex A with voice activity detection, likewise."""
G722: Final = CodecImpairment("wb", 13.0, None)
"""At 64 kbit/s, quoted from memory by public sources and unconfirmed."""

Modes = Mapping[float, CodecImpairment]
"""Codec constants by kbit/s; those of Opus ascending, to be interpolated."""

AMR_WB_MONOTIC: Final[Modes] = {
    23.85: CodecImpairment("wb", 8.0, None),
    23.05: CodecImpairment("wb", 1.0, None),
    19.85: CodecImpairment("wb", 3.0, None),
    18.25: CodecImpairment("wb", 5.0, None),
    15.85: CodecImpairment("wb", 7.0, None),
    14.25: CodecImpairment("wb", 10.0, None),
    12.65: CodecImpairment("wb", 13.0, None),
    8.85: CodecImpairment("wb", 26.0, None),
    6.6: CodecImpairment("wb", 41.0, None),
}
"""Heard with one ear, as on a handset."""
AMR_WB_DIOTIC: Final[Modes] = {
    23.85: CodecImpairment("wb", 10.0, 4.9),
    23.05: CodecImpairment("wb", 8.0, 4.6),
    15.85: CodecImpairment("wb", 17.0, None),
    12.65: CodecImpairment("wb", 20.0, 4.3),
    8.85: CodecImpairment("wb", 41.0, None),
    6.6: CodecImpairment("wb", 56.0, None),
}
"""Heard with both ears, as from a headset or a loudspeaker."""
EVS: Final[Modes] = {
    48.0: CodecImpairment("fb", 10.2, 9.6),
    32.0: CodecImpairment("fb", 8.7, 9.3),
    24.4: CodecImpairment("fb", 7.2, 11.4),
    16.4: CodecImpairment("fb", 10.8, 10.3),
    13.2: CodecImpairment("fb", 17.1, 11.7),
    9.6: CodecImpairment("fb", 22.7, 13.0),
}
"""The super-wideband modes, heard with both ears."""

OPUS_VBR: Final[Modes] = {
    6.0: CodecImpairment("nb", 23.002335, 24.564485),
    7.0: CodecImpairment("nb", 21.255459, 22.45885),
    8.0: CodecImpairment("nb", 16.024434, 20.258667),
    9.0: CodecImpairment("nb", 11.736744, 18.908298),
    11.0: CodecImpairment("wb", 28.413223, 23.939796),
    12.0: CodecImpairment("wb", 23.295057, 22.215186),
    13.0: CodecImpairment("wb", 19.958882, 19.496087),
    14.0: CodecImpairment("fb", 38.06, 16.51),
    15.0: CodecImpairment("fb", 34.12, 15.0),
    16.0: CodecImpairment("fb", 30.163021, 11.83),
    19.0: CodecImpairment("fb", 23.807205, 10.67),
    22.0: CodecImpairment("fb", 20.223324, 10.47),
    25.0: CodecImpairment("fb", 20.209055, 11.28),
    28.0: CodecImpairment("fb", 18.477347, 10.63),
    31.0: CodecImpairment("fb", 16.828675, 10.44),
    34.0: CodecImpairment("fb", 14.75893, 10.12),
    37.0: CodecImpairment("fb", 12.077828, 10.38),
    40.0: CodecImpairment("fb", 10.665966, 9.79),
}
"""Variable bitrate, WebRTC's default; random loss."""
OPUS_CBR: Final[Modes] = {
    6.0: CodecImpairment("nb", 46.268343, 8.939711),
    7.0: CodecImpairment("nb", 31.734804, 18.179143),
    8.0: CodecImpairment("nb", 19.245478, 15.128234),
    9.0: CodecImpairment("nb", 13.208798, 17.23921),
    10.0: CodecImpairment("nb", 6.197366, 15.32973),
    11.0: CodecImpairment("nb", 2.030115, 15.951648),
    12.0: CodecImpairment("wb", 29.764351, 24.80948),
    13.0: CodecImpairment("wb", 26.161082, 23.004719),
    14.0: CodecImpairment("wb", 20.771946, 17.56231),
    15.0: CodecImpairment("wb", 18.06275, 18.737408),
    16.0: CodecImpairment("fb", 36.880671, 13.3),
    19.0: CodecImpairment("fb", 29.580162, 10.74),
    22.0: CodecImpairment("fb", 23.380035, 10.01),
    25.0: CodecImpairment("fb", 22.643712, 10.57),
    28.0: CodecImpairment("fb", 23.652428, 11.67),
    31.0: CodecImpairment("fb", 21.742455, 11.51),
    34.0: CodecImpairment("fb", 20.620295, 11.78),
    37.0: CodecImpairment("fb", 16.22869, 10.62),
    40.0: CodecImpairment("fb", 15.89846, 11.35),
}
"""Constant bitrate (`cbr=1`, RFC 7587), which hides speech activity in encrypted calls; random
loss. As published: 28 kbit/s is no better than 25."""
