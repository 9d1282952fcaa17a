"""Exports of annotation tools and spreadsheets, and what is written for them."""

import csv
import json
import zipfile

import pytest

from affekt.core.errors import DataError, UsageError
from affekt.project.folder import Project
from affekt.project.ratings.exports.write import export_ratings
from affekt.project.ratings.upsert import CONTRADICTION, UNKNOWN_LABEL, import_ratings
from affekt.project.records.media import import_media


def rows(project, columns="item_id, rater, round, label, rated_at, seconds"):
    with project.database() as connection:
        found = connection.execute(f"SELECT {columns} FROM rating ORDER BY item_id, rater, round")
        return [tuple(row) for row in found]


def annotation(who, *choices, name="label", **more):
    result = [{"type": "choices", "from_name": name, "value": {"choices": list(choices)}}]
    return {
        "id": 1, "completed_by": who, "was_cancelled": False, "result": result if choices else [],
        "created_at": "2026-03-09T22:16:08.728353Z", "lead_time": 4.288, **more,
    }  # fmt: skip


@pytest.fixture
def label_studio(tmp_path):
    """A function that writes tasks as Label Studio exports them."""

    def write(*tasks):
        file = tmp_path / "export.json"
        file.write_text(json.dumps(list(tasks)))
        return file

    return write


def test_annotations_of_label_studio_are_ratings_with_rater_time_and_seconds(project, label_studio):
    two = [annotation(7, "Joy"), annotation({"email": "b@x.org"}, "fear")]
    uploaded = {"video": "/data/upload/3/1a2b3c4d-i02.mp4"}
    file = label_studio(
        {"id": 1, "data": {"item": "i01"}, "annotations": two},
        {"id": 2, "data": uploaded, "annotations": [annotation(7, "trust")]},
    )
    assert import_ratings(project, file).added == 3
    time = "2026-03-09T22:16:08+00:00"
    assert rows(project) == [
        ("i01", "7", 1, "joy", time, 4.288),
        ("i01", "b@x.org", 1, "fear", time, 4.288),
        ("i02", "7", 1, "trust", time, 4.288),
    ]
    again = import_ratings(project, file)
    assert (again.added, again.unchanged) == (0, 3)


def test_skipped_tasks_are_kept_as_skips_and_predictions_are_no_ratings(project, label_studio):
    task = {"id": 1, "data": {"item": "i01"}, "annotations": [annotation(7, was_cancelled=True)]}
    task["predictions"] = [{"result": annotation(7, "joy")["result"]}]
    report = import_ratings(project, label_studio(task))
    assert (report.added, report.skips, rows(project)) == (0, 1, [])
    with project.database() as connection:
        assert connection.execute("SELECT item_id, rater FROM rating_skip").fetchone()[:] == ("i01", "7")


def test_several_choices_and_a_second_annotation_of_one_rater_are_listed(project, label_studio):
    file = label_studio(
        {"id": 1, "data": {"item": "i01"}, "annotations": [annotation(7, "joy", "trust")]},
        {"id": 2, "data": {"item": "i02"}, "annotations": [annotation(7, "joy"), annotation(7, "fear")]},
        {"id": 3, "data": {"note": "nothing"}, "annotations": [annotation(7, "joy")]},
        {"id": 4, "data": {"item": "i03"}, "annotations": [annotation(None, "joy"), annotation(7)]},
    )
    report = import_ratings(project, file)
    assert [row[:4] for row in rows(project)] == [("i02", "7", 1, "joy")]
    kinds = [one.kind for one in report.left_out]
    assert kinds.count(UNKNOWN_LABEL) == kinds.count(CONTRADICTION) == 1
    assert len(kinds) == 5


def test_the_control_with_labels_counts_beside_others_and_names_of_raters_are_mapped(
    project, stated, label_studio
):
    project = stated(project, rater_names={})
    file = project.path / "project.toml"
    file.write_text(file.read_text().replace("rater_names = {}", 'rater_names = {"7" = "anna"}'))
    project = Project.open(project.path)
    both = annotation(7, "good", name="quality")
    both["result"] += annotation(7, "anger")["result"]
    task = {"id": 1, "data": {"item": "i01"}, "annotations": [both]}
    assert import_ratings(project, label_studio(task)).added == 1
    assert rows(project)[0][:4] == ("i01", "anna", 1, "anger")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ('{"a": 1}', "not a list of tasks"),
        ('[{"id": 1, "label": "joy", "annotator": 1}]', "not as JSON-MIN"),
    ],
)
def test_other_json_is_an_error(project, tmp_path, text, said):
    (tmp_path / "export.json").write_text(text)
    with pytest.raises(DataError, match=said):
        import_ratings(project, tmp_path / "export.json")


IMAGES = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
  <meta><task><id>4</id><name>round 1</name><mode>annotation</mode>{assignee}</task></meta>
  <image id="0" name="faces/i01.png" width="64" height="48"><tag label="joy" source="manual"></tag></image>
  <image id="1" name="i02.png" width="64" height="48">
    <box label="face" source="manual" xtl="1" ytl="1" xbr="9" ybr="9" occluded="0" z_order="0">
      <attribute name="emotion">fear</attribute></box>
  </image>
  <image id="2" name="i03.png" width="64" height="48">
    <tag label="joy" source="manual"></tag><tag label="trust" source="manual"></tag></image>
  <image id="3" name="i04.png" width="64" height="48"><tag label="anger" source="auto"></tag></image>
  <image id="4" name="i05.png" width="64" height="48"></image>
</annotations>"""
ANNA = "<assignee><username>anna</username><email></email></assignee>"
VIDEO = """<annotations><version>1.1</version>
  <meta><task><id>5</id><name>clips</name><mode>interpolation</mode></task><source>i06.mp4</source></meta>
  <track id="0" label="sadness" source="manual"><box frame="0" xtl="0" ytl="0" xbr="9" ybr="9" outside="0"
    occluded="0" keyframe="1"></box></track>
</annotations>"""


def test_tags_and_attributes_of_cvat_are_ratings_of_the_assignee(project, tmp_path):
    with zipfile.ZipFile(tmp_path / "task.zip", "w") as archive:
        archive.writestr("annotations.xml", IMAGES.format(assignee=ANNA))
    report = import_ratings(project, tmp_path / "task.zip")
    assert [row[:4] for row in rows(project)] == [("i01", "anna", 1, "joy"), ("i02", "anna", 1, "fear")]
    assert [str(one) for one in report.left_out] == [
        "task.zip image i04.png: a model annotated it",
        "task.zip image i03.png: 'joy; trust' is not in the label set",
    ]


def test_cvat_without_an_assignee_needs_the_name_of_the_rater(project, tmp_path):
    (tmp_path / "task.xml").write_text(IMAGES.format(assignee=""))
    with pytest.raises(UsageError, match="--rater"):
        import_ratings(project, tmp_path / "task.xml")
    assert import_ratings(project, tmp_path / "task.xml", rater="ben").added == 2


def test_tracks_of_a_video_of_cvat_rate_the_video(project, tmp_path):
    (tmp_path / "video.xml").write_text(VIDEO)
    assert import_ratings(project, tmp_path / "video.xml", rater="ben").added == 1
    assert rows(project)[0][:4] == ("i06", "ben", 1, "sadness")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.xml", "<annotations>", "is not XML"),
        ("a.xml", "<html></html>", "no annotations of CVAT"),
        ("a.xml", '<!DOCTYPE x [<!ENTITY a "b">]><annotations/>', "defines entities"),
        ("a.zip", "no archive", "cannot be read"),
    ],
)
def test_other_xml_is_an_error(project, tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=said):
        import_ratings(project, tmp_path / name, rater="anna")


def spreadsheet(path, cells):
    """The smallest XLSX: one sheet; numbers as numbers, other cells as text."""

    def cell(value):
        if isinstance(value, float):
            return f"<c><v>{value!r}</v></c>"
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    kind = "http://schemas.openxmlformats.org"
    sheet = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in cells)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{kind}/package/2006/content-types"><Default Extension="xml" '
            'ContentType="application/xml"/><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{kind}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{kind}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{kind}/spreadsheetml/2006/main" '
            f'xmlns:r="{kind}/officeDocument/2006/relationships"><sheets><sheet name="ratings" sheetId="1" '
            'r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{kind}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{kind}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{kind}/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>',
        )


def test_a_spreadsheet_is_read_like_a_table_and_rounded_ids_are_refused(project, tmp_path):
    pytest.importorskip("python_calamine", reason="the extra `sheets` is not installed")
    spreadsheet(
        tmp_path / "ratings.xlsx",
        [["item", "anna", "ben"], ["i01", "joy", ""], ["i02", "fear", "fear"], [7.3018887e18, "joy", "joy"]],
    )
    report = import_ratings(project, tmp_path / "ratings.xlsx")
    assert report.added == 3
    assert "cannot hold all digits" in str(report.left_out[0])


def test_a_spreadsheet_without_content_or_of_another_form_is_an_error(project, tmp_path):
    pytest.importorskip("python_calamine", reason="the extra `sheets` is not installed")
    spreadsheet(tmp_path / "empty.xlsx", [])
    (tmp_path / "broken.xlsx").write_bytes(b"PK broken")
    for name, said in (("empty", "no sheet with content"), ("broken", "cannot be read")):
        with pytest.raises(DataError, match=said):
            import_ratings(project, tmp_path / f"{name}.xlsx")


@pytest.fixture
def with_media(project, tmp_path):
    folder = tmp_path / "media"
    folder.mkdir()
    for name in ("i01.mp4", "i01.wav", "i02.png", "i03.wav"):
        (folder / name).write_bytes(b"invented")
    import_media(project, folder)
    return project


def test_tasks_of_label_studio_come_back_by_their_ids(with_media, tmp_path):
    found = export_ratings(with_media, "label-studio", tmp_path / "out")
    assert [file.name for file in found.files] == [
        "video-tasks.json", "video-interface.xml", "audio-tasks.json", "audio-interface.xml",
        "image-tasks.json", "image-interface.xml",
    ]  # fmt: skip
    assert (found.items, len(found.without_media)) == (3, 9)
    tasks = json.loads((tmp_path / "out" / "video-tasks.json").read_text())
    assert tasks[0]["data"]["item"] == "i01"
    assert tasks[0]["data"]["video"].startswith("/data/local-files/?d=media/video/i01.")
    assert '<Choice value="trust" hotkey="2" />' in (tmp_path / "out" / "video-interface.xml").read_text()
    # A tool that lost the further data: the name of the file is enough.
    for task in tasks:
        del task["data"]["item"]
    done = [{**task, "id": 1, "annotations": [annotation(7, "joy")]} for task in tasks]
    (tmp_path / "done.json").write_text(json.dumps(done))
    assert import_ratings(with_media, tmp_path / "done.json").added == 1
    assert rows(with_media)[0][:4] == ("i01", "7", 1, "joy")


def test_a_sheet_to_fill_in_and_all_ratings_come_back_unchanged(with_media, rated, tmp_path):
    rated(
        with_media, "item,rater,label,seconds,round\ni01,anna,joy,2.5,1\ni01,anna,fear,2,2\ni02,ben,joy,1,1\n"
    )
    with with_media.database() as connection:
        connection.execute("UPDATE item SET title = '=HYPERLINK(1)'")
    export_ratings(with_media, "csv", tmp_path / "out", raters=("anna", "carla"), fewer_than=1)
    with (tmp_path / "out" / "items.csv").open(newline="") as stream:
        sheet = list(csv.DictReader(stream))
    assert len(sheet) == 10 and sheet[0]["title"] == "'=HYPERLINK(1)", "no formula"
    assert list(sheet[0]) == ["item", "title", "file", "anna", "carla"]
    before = rows(with_media)
    export_ratings(with_media, "csv", tmp_path / "out")
    report = import_ratings(with_media, tmp_path / "out" / "items.csv")
    assert (report.added, report.unchanged, report.left_out) == (0, 2, [])
    found = export_ratings(with_media, "ratings", tmp_path / "out")
    assert found.items == 3
    report = import_ratings(with_media, tmp_path / "out" / "ratings.csv")
    assert (report.added, report.unchanged, report.left_out) == (0, 3, [])
    assert rows(with_media) == before


def test_what_cvat_takes_are_labels_and_files_with_pictures(with_media, tmp_path):
    found = export_ratings(with_media, "cvat", tmp_path / "out")
    labels = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert labels[0] == {"name": "joy", "type": "tag", "attributes": []} and len(labels) == 8
    (name,) = (tmp_path / "out" / "image-files.txt").read_text().split()
    assert (with_media.path / name).is_file()
    assert found.items == 2 and "i03" in found.without_media
    xml = IMAGES.format(assignee=ANNA).replace("i02.png", name.rpartition("/")[2])
    (tmp_path / "back.xml").write_text(xml)
    import_ratings(with_media, tmp_path / "back.xml")
    assert ("i02", "anna", 1, "fear") in [row[:4] for row in rows(with_media)]


def test_a_sheet_needs_names_where_nobody_has_rated(project, tmp_path):
    with pytest.raises(UsageError, match="name the raters"):
        export_ratings(project, "csv", tmp_path / "out")
