"""What is measured, and what it should cost at most, as a ratio to its floor."""

from dataclasses import dataclass

NUMBER = 1250  # a change that waits for the board: the fullest dossier there is
MOST_QUERIES = 12
AIM_PAGE, AIM_API, AIM_GROWTH, AIM_VOTE, AIM_METRICS, AIM_CONFLICTS = 6.0, 3.0, 1.3, 5.0, 8.0, 10.0
AIM_YEAR = 8.0
AIM_ROOM_MS = 1000  # p95 from a commit to every screen


@dataclass(frozen=True)
class Page:
    """One address, the floor's rows it is held against, and the aim."""

    name: str
    address: str
    floor: str
    aim: float
    is_of_map: bool = False  # it lists what `registry` fills, not changes


PAGES = (
    Page("list", "/changes/", "list", AIM_PAGE),
    Page("filtered list", "/changes/?cluster=cluster-3&risk=3&state=closed", "filtered", AIM_PAGE),
    Page("search", "/changes/?q=signing+key", "search", AIM_PAGE),
    Page("queue", "/queue/", "queue", AIM_PAGE),
    Page("dossier", f"/changes/CHG-{NUMBER}/", "dossier", AIM_PAGE),
    Page("metrics", "/programme/", "metrics", AIM_METRICS),
    Page("year", "/calendar/year/", "year", AIM_YEAR),
    Page("API list", "/api/v1/changes/", "api list", AIM_API),
    Page("API filtered", "/api/v1/changes/?cluster=cluster-3&risk=3&state=closed", "filtered", AIM_API),
    Page("API search", "/api/v1/changes/?q=signing+key", "search", AIM_API),
    Page("API queue", "/api/v1/queue/", "api queue", AIM_API),
    Page("API change", f"/api/v1/changes/CHG-{NUMBER}/", "api one", AIM_API),
    Page("integrations", "/integrations/", "integrations", AIM_PAGE, is_of_map=True),
    Page("isolation", "/integrations/isolation/", "isolation", AIM_PAGE, is_of_map=True),
    Page("interfaces", "/integrations/interfaces/", "interfaces", AIM_PAGE, is_of_map=True),
    Page("findings", "/clusters/findings/", "findings", AIM_PAGE, is_of_map=True),
    Page("loose ends", "/clusters/loose-ends/", "loose ends", AIM_PAGE, is_of_map=True),
    Page("API integrations", "/api/v1/integrations/", "integrations", AIM_API, is_of_map=True),
    Page("API findings", "/api/v1/findings/", "findings", AIM_API, is_of_map=True),
)
