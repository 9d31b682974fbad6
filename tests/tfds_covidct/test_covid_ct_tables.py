"""The .xlsx reader and the metadata tables."""

import io
import zipfile

import pytest
from etils import epath

from tfds_covidct import DataError
from tfds_covidct.covid_ct import xlsx
from tfds_covidct.covid_ct.origins import Origin, read_origins

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = "xl/worksheets/sheet1.xml"


def write_workbook(folder, rows, strings="", prolog=""):
    """Writes a workbook whose sheet has the XML `rows`, and returns its path."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as workbook:
        sheet = f"{prolog}<worksheet {NAMESPACE}><sheetData>{rows}</sheetData></worksheet>"
        workbook.writestr(SHEET, sheet)
        if strings:
            workbook.writestr("xl/sharedStrings.xml", f"<sst {NAMESPACE}>{strings}</sst>")
    path = epath.Path(folder) / "table.xlsx"
    path.write_bytes(stream.getvalue())
    return path


def test_reads_shared_inline_and_plain_cells(tmp_path):
    strings = "<si><t>name</t></si><si><r><t>rich </t></r><r><t>text</t></r></si>"
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c>'
        '<c r="B1" t="inlineStr"><is><t>age</t></is></c><c r="AA1" t="str"><v>far</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2"><v>41</v></c></row>'
        '<row r="3"><c r="A3" s="5"/><c r="AA3"><v>7</v></c></row>'
    )
    assert xlsx.read_rows(write_workbook(tmp_path, rows, strings)) == [
        {"name": "rich text", "age": "41", "far": ""},
        {"name": "", "age": "", "far": "7"},
    ]


@pytest.mark.parametrize(
    "rows, match",
    [
        ("", "the sheet is empty"),
        ("<row>", "not an intact .xlsx"),
        ('<row><c r="A1" t="s"><v>0</v></c></row>', "not an intact .xlsx"),
        ('<row><c><v>0</v></c></row>', "not an intact .xlsx"),
    ],
)
def test_refuses_a_broken_sheet(tmp_path, rows, match):
    with pytest.raises(DataError, match=f"table.xlsx: {match}"):
        xlsx.read_rows(write_workbook(tmp_path, rows))


def test_refuses_what_is_no_workbook(tmp_path):
    path = epath.Path(tmp_path) / "table.xlsx"
    path.write_text("404: Not Found")
    with pytest.raises(DataError, match="table.xlsx: not an intact .xlsx"):
        xlsx.read_rows(path)


def test_refuses_entities(tmp_path):
    prolog = '<!DOCTYPE bomb [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    rows = '<row><c r="A1" t="str"><v>&b;</v></c></row>'
    with pytest.raises(DataError, match="table.xlsx: declares a document type"):
        xlsx.read_rows(write_workbook(tmp_path, rows, prolog=prolog))


def test_refuses_a_part_that_unpacks_to_too_much(tmp_path):
    path = write_workbook(tmp_path, " " * (xlsx.MAX_PART_BYTES + 1))
    with pytest.raises(DataError, match=f"{SHEET} is larger than"):
        xlsx.read_rows(path)


def write_csv(folder, content):
    path = epath.Path(folder) / "table.csv"
    path.write_bytes(content)
    return path


def test_origins_of_the_csv_table(tmp_path):
    table = b",image name,patient id\r\n0,7.jpg ,medpix_patient_3\r\n1,8.jpg,\r\n"
    origins = read_origins("non_covid", write_csv(tmp_path, table))
    assert origins.of("7.jpg") == Origin("non_covid/medpix_patient_3", "medpix")
    assert origins.of("8.jpg") == Origin()
    assert origins.of("unknown.jpg") == Origin()


@pytest.mark.parametrize(
    "table, match",
    [
        (b"image,patient\r\n7.jpg,3\r\n", "has no column 'image name'"),
        (b"\xff\xfe\x00", "not a CSV table"),
    ],
)
def test_refuses_a_broken_csv_table(tmp_path, table, match):
    with pytest.raises(DataError, match=f"table.csv: {match}"):
        read_origins("non_covid", write_csv(tmp_path, table))


def test_origins_are_empty_without_a_table():
    assert read_origins("covid", None).of("any.png") == Origin()
