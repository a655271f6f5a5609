"""Free windows over the API."""

from apps.windows.models import WindowKind
from tests.cab.test_slots import window


def test_the_api_tells_free_windows_and_takes_one(api, submitted, ada, payments):
    window(payments, WindowKind.MAINTENANCE)
    address = f"/api/v1/changes/{submitted.reference}/slots/"
    taking = f"/api/v1/changes/{submitted.reference}/window/"
    said = api(ada).get(f"{address}?minutes=60").json()
    assert (said["minutes"], said["zone"]) == (60, "Europe/Berlin")
    assert said["blocked"][0]["kind"] == "outside_window"
    slot = {name: said["free"][0][name] for name in ("start_at", "end_at")}
    assert api(ada).post(taking, slot).status_code == 428
    taken = api(ada).post(taking, slot, HTTP_IF_MATCH='"1"')
    assert taken.status_code == 200, taken.json()
    again = api(ada).post(taking, slot | {"start_at": "2026-03-02T00:00:00Z"}, HTTP_IF_MATCH='"2"')
    assert again.json()["next_step"]
    assert api(ada).get(f"{address}?minutes=1").status_code == 422
    assert api(ada).get(f"{address}?start=9999-01-01T00:00:00Z").status_code == 422
