"""What a source file is, apart from what it shows."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class FileFacts:
    """How an image came in its file; an audit asks whether these alone give its class away.

    Attributes:
      format: by content, such as PNG, JPEG, TIFF, BMP, DICOM or NIfTI.
      mode: the pixels' layout: Pillow's mode (L, RGB, RGBA, P, I;16, F, …) or DICOM's photometric interpretation.
      bits: bits of one channel as stored.
      width, height: in pixels.
      colour: share of pixels, 0 to 1, whose channels differ visibly: arrows, letters, colour maps.
    """

    format: str
    mode: str
    bits: int
    width: int
    height: int
    colour: float = 0.0
