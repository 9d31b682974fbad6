"""Reads the first sheet of an .xlsx workbook with the standard library alone."""

import io
import string
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

from etils import epath

from tfds_covidct.errors import DataError

# Upstream's workbook unpacks to 92 kB a part.
MAX_PART_BYTES = 16 * 2**20

_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SHEET = "xl/worksheets/sheet1.xml"
_SHARED_STRINGS = "xl/sharedStrings.xml"
_UNREADABLE = (
    ElementTree.ParseError, EOFError, IndexError, KeyError, OSError, RuntimeError,
    ValueError, zipfile.BadZipFile, zlib.error,
)


def read_rows(path: epath.Path) -> list[dict[str, str]]:
    """Reads a sheet whose first row names its columns.

    Args:
      path: the workbook.

    Returns:
      A dict for every further row: column name -> the cell as stored, "" where the cell is empty.

    Raises:
      DataError: if it is not an intact workbook, or one of its parts is over `MAX_PART_BYTES`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as workbook:
            strings = _shared_strings(workbook)
            sheet = _parse(workbook, _SHEET)
            rows = [_cells(row, strings) for row in sheet.iter(_NAMESPACE + "row")]
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except _UNREADABLE as error:
        raise DataError(f"{path}: not an intact .xlsx workbook ({error!r})") from error
    if not rows:
        raise DataError(f"{path}: the sheet is empty")
    header, *body = rows
    return [{name: row.get(column, "") for column, name in header.items()} for row in body]


class _NoDoctype(ElementTree.TreeBuilder):
    """Refuses a document type, without which XML cannot define entities that explode."""

    def doctype(self, name, pubid, system):
        raise DataError("declares a document type, which no workbook needs")


def _parse(workbook: zipfile.ZipFile, part: str) -> ElementTree.Element:
    with workbook.open(part) as stream:
        content = stream.read(MAX_PART_BYTES + 1)
    if len(content) > MAX_PART_BYTES:
        raise DataError(f"{part} is larger than {MAX_PART_BYTES} bytes")
    return ElementTree.fromstring(content, ElementTree.XMLParser(target=_NoDoctype()))


def _shared_strings(workbook: zipfile.ZipFile) -> list[str]:
    if _SHARED_STRINGS not in workbook.namelist():
        return []
    return [_text(item) for item in _parse(workbook, _SHARED_STRINGS).iter(_NAMESPACE + "si")]


def _cells(row: ElementTree.Element, strings: list[str]) -> dict[str, str]:
    """Returns {column letters: value} of the row's non-empty cells."""
    return dict(_labelled_values(row, strings))


def _labelled_values(row: ElementTree.Element, strings: list[str]) -> Iterator[tuple[str, str]]:
    for cell in row.iter(_NAMESPACE + "c"):
        column = cell.attrib["r"].rstrip(string.digits)
        stored = cell.findtext(_NAMESPACE + "v")
        if cell.get("t") == "inlineStr":
            yield column, _text(cell)
        elif stored is not None:
            yield column, strings[int(stored)] if cell.get("t") == "s" else stored


def _text(element: ElementTree.Element) -> str:
    return "".join(run.text or "" for run in element.iter(_NAMESPACE + "t"))
