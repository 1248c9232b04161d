"""Files of bookings over the API."""

import io

from tests import files
from tests.api.conftest import requested


def sent(caller, reference, content, name="notice.pdf", **more):
    return caller.post(
        f"/bookings/{reference}/files",
        data={"file": (io.BytesIO(content), name), **more.pop("fields", {})},
        **more,
    )


def test_a_file_is_added_listed_and_fetched(centre):
    reference = requested(centre.member)["reference"]
    made = sent(centre.member, reference, files.pdf(), fields={"kind": "notice"})
    assert made.status_code == 201
    assert (made.json["filename"], made.json["kind"]) == ("notice.pdf", "notice")
    told = centre.member.get(f"/bookings/{reference}/files").json
    assert told == {"items": [made.json], "total": 1}
    fetched = centre.desk.get(f"/bookings/{reference}/files/{made.json['id']}")
    assert fetched.get_data() == files.pdf()


def test_the_same_file_twice_is_one_file(centre):
    reference = requested(centre.member)["reference"]
    first = sent(centre.member, reference, files.pdf())
    assert sent(centre.member, reference, files.pdf(), "other.pdf").json == first.json


def test_a_key_repeats_the_answer_and_belongs_to_one_file(centre):
    reference = requested(centre.member)["reference"]
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    made = [
        centre.member.post(
            f"/bookings/{reference}/files",
            data=head + content + b"\r\n--b--\r\n",
            headers={"Idempotency-Key": "k", "Content-Type": "multipart/form-data; boundary=b"},
        )
        for content in (files.pdf(), files.pdf(), files.pdf("other"))
    ]
    assert [each.status_code for each in made] == [201, 201, 422]


def test_a_stranger_neither_sees_nor_sends(centre):
    reference = requested(centre.member)["reference"]
    made = sent(centre.member, reference, files.pdf())
    assert centre.stranger.get(f"/bookings/{reference}/files").status_code == 404
    number = made.json["id"]
    assert centre.stranger.get(f"/bookings/{reference}/files/{number}").status_code == 404
    assert sent(centre.stranger, reference, files.pdf()).status_code == 404
    assert sent(centre.finance, reference, files.pdf()).status_code == 403


def test_what_is_no_file_is_refused(centre):
    reference = requested(centre.member)["reference"]
    post = centre.member.post
    place = f"/bookings/{reference}/files"
    assert post(place, {"file": "x"}).status_code == 400
    assert post(place, data={"file": "a word"}).status_code == 400
    assert sent(centre.member, reference, b"MZ").status_code == 422
    assert sent(centre.member, reference, files.pdf(), fields={"kind": "x"}).status_code == 422
    assert sent(centre.member, reference, files.pdf(), fields={"x": "y"}).status_code == 422
    assert sent(centre.member, reference, files.pdf("x" * 11_000_000)).status_code == 413
