"""Draws the dummy data beside this file: noise in upstream's layout, with upstream's oddities.

    python tfds_covidct/covid_ct/dummy_data/make_dummy_data.py
"""

import io
import pathlib
import zipfile

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).parent

# Upstream's path of the list -> the names in it, with the line end that upstream uses.
LISTS = {
    "Data-split/COVID/trainCT_COVID.txt": (["fake-p1-1%0.png", "fake-p1-1%1.png"], "\n"),
    "Data-split/COVID/valCT_COVID.txt": (["fake-p2-1.png"], "\n"),
    "Data-split/COVID/testCT_COVID.txt": (["fake-p3-1.png"], "\n"),
    "Data-split/NonCOVID/trainCT_NonCOVID.txt": (["0.jpg", "1%0.jpg"], "\r\n"),
    "Data-split/NonCOVID/valCT_NonCOVID.txt": (["2.png"], "\r\n"),
    "Data-split/NonCOVID/testCT_NonCOVID.txt": (["3.png"], "\r\n"),
}

# The archive -> the name, mode and true format of its images.
ARCHIVES = {
    "COVID": [
        ("fake-p1-1%0.png", "RGBA", "PNG"),
        ("fake-p1-1%1.png", "RGB", "JPEG"),
        ("fake-p2-1.png", "RGB", "PNG"),
        ("fake-p3-1.png", "L", "PNG"),
    ],
    "NonCOVID": [
        ("0.jpg", "RGB", "JPEG"),
        ("1%0.jpg", "L", "JPEG"),
        ("2.png", "RGB", "PNG"),
        ("3.png", "LA", "PNG"),
    ],
}

# One name without its extension, and one row without a name, as upstream has them.
COVID_ROWS = [
    ["File name", "Patient ID", "Age", "DOI"],
    ["fake-p1-1%0.png", "Patient 1", 41, "10.0000/ fake.1 "],
    ["fake-p1-1%1.png", "Patient 1", 41, "10.0000/fake.1"],
    ["fake-p2-1", "Patient 2", None, None],
    ["fake-p3-1.png ", "Patient 3", None, "10.0000/fake.3"],
    [None, None, None, "a remark"],
]
NON_COVID_TABLE = (
    ",image name,patient id\r\n"
    "0,0.jpg,crawled_patient_0\r\n"
    "1,1%0.jpg,crawled_patient_1\r\n"
    "2,2.png,medpix_patient_0\r\n"
    "3,3.png,medpix_patient_1\r\n"
)
SHEET = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{rows}</sheetData></worksheet>"
)


def write_bytes(name: str, content: bytes):
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def noise_image(rng: np.random.Generator, mode: str, file_format: str) -> bytes:
    height, width = rng.integers(8, 17, size=2)
    channels = {"L": (), "LA": (2,), "RGB": (3,), "RGBA": (4,)}[mode]
    pixels = rng.integers(0, 256, size=(height, width, *channels), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, file_format)
    return stream.getvalue()


def archive(entries: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in entries.items():
            out.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def workbook(rows: list[list]) -> bytes:
    strings = [cell for row in rows for cell in row if isinstance(cell, str)]
    items = "".join(f"<si><t>{text}</t></si>" for text in strings)
    lines = "".join(sheet_row(number, row, strings) for number, row in enumerate(rows, start=1))
    shared = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{items}</sst>'
    return archive({
        "xl/sharedStrings.xml": shared.encode(),
        "xl/worksheets/sheet1.xml": SHEET.format(rows=lines).encode(),
    })


def sheet_row(number: int, row: list, strings: list[str]) -> str:
    cells = ""
    for letter, value in zip("ABCD", row):
        if isinstance(value, str):
            cells += f'<c r="{letter}{number}" t="s"><v>{strings.index(value)}</v></c>'
        elif value is not None:
            cells += f'<c r="{letter}{number}"><v>{value}</v></c>'
    return f'<row r="{number}">{cells}</row>'


def main():
    rng = np.random.default_rng(seed=0)
    for name, (image_ids, line_end) in LISTS.items():
        write_bytes(name, line_end.join(image_ids).encode())
    for name, images in ARCHIVES.items():
        entries = {f"CT_{name}/": b"", f"CT_{name}/.DS_Store": b"\0", f"CT_{name}/Thumbs.db": b"\0"}
        for image_id, mode, file_format in images:
            entries[f"CT_{name}/{image_id}"] = noise_image(rng, mode, file_format)
            entries[f"__MACOSX/CT_{name}/._{image_id}"] = b"\0"
        write_bytes(f"Images-processed/CT_{name}.zip", archive(entries))
    write_bytes("COVID-CT-MetaInfo.xlsx", workbook(COVID_ROWS))
    write_bytes("NonCOVID-CT-MetaInfo.csv", NON_COVID_TABLE.encode())


if __name__ == "__main__":
    main()
