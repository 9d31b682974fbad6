"""The pictures that upstream holds under both labels."""

# (image_id as `covid`, in `test`; image_id as `non_covid`, in `train`).
SAME_PICTURE_PAIRS = (
    ("kjr-21-e24-p5-29.png", "71%0.jpg"),
    ("kjr-21-e24-p5-31.png", "71%1.jpg"),
)
SAME_PICTURE_IDS = frozenset(image_id for pair in SAME_PICTURE_PAIRS for image_id in pair)
