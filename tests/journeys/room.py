"""People in a room who look at it without a browser: the same stream and the same forms, over HTTP."""

import re
import threading
import time
from collections.abc import Mapping

import httpx

AGAIN_S = 1.0  # what the stream tells a browser to wait before it comes back
SILENT_S = 20.0  # the stream says at least every five seconds that it is there


class Attendee:
    """One person signed in by their session; `look` follows the room's stream as EventSource does."""

    def __init__(self, address: str, session: str, meeting_id: int) -> None:
        self.room = f"{address}/meetings/{meeting_id}/room/"
        once = httpx.Limits(max_keepalive_connections=0)  # a line kept for later may be closed in the very moment
        timeout = httpx.Timeout(60, read=SILENT_S)
        self.client = httpx.Client(cookies={"sessionid": session}, timeout=timeout, limits=once)
        self.seen: list[int] = []  # the number of every entry that came down the line, as it came
        self.lines = 0  # how often the stream was opened
        self.troubles: list[str] = []
        self._is_awake = threading.Event()
        self._answer: httpx.Response | None = None
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Open the laptop: follow the stream until `close_lid`, coming back whenever the line breaks."""
        self._is_awake.set()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def look_away(self) -> None:
        """The line ends with the next thing that comes down it, a heartbeat at the latest."""
        self._is_awake.clear()

    def close_lid(self) -> None:
        """Go away without a word; what is told from now on is missed."""
        self.look_away()
        if self._thread is not None:
            self._thread.join(SILENT_S + 5)

    def act(self, path: str, data: Mapping[str, object]) -> httpx.Response:
        """Send one of the room's forms, with the token of the page it stands on."""
        if "csrf" not in self.__dict__:
            page = self.client.get(self.room).raise_for_status().text
            found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
            assert found, "the room has no form for this person"
            self.csrf = found[1]
        sent = {"csrfmiddlewaretoken": self.csrf, **{name: str(value) for name, value in data.items()}}
        answer = self.client.post(f"{self.room}{path}", data=sent)
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            said = re.findall(r"<li>([^<]+)</li>|role=\"alert\"[^>]*>(.*?)</div>", answer.text, re.DOTALL)
            raise AssertionError(f"refused: {said}")
        assert answer.status_code == httpx.codes.FOUND, answer.status_code
        return answer

    def _follow(self) -> None:
        while self._is_awake.is_set():
            try:
                self._read()
            except httpx.TransportError:
                pass  # the line broke: the server restarts, or the lid was closed
            except AssertionError as wrong:
                self.troubles.append(str(wrong))
                return
            if self._is_awake.is_set():
                time.sleep(AGAIN_S)

    def _read(self) -> None:
        headers = {"Last-Event-ID": str(self.seen[-1])} if self.seen else {}
        with self.client.stream("GET", f"{self.room}stream/", headers=headers) as answer:
            assert answer.status_code == httpx.codes.OK, f"the stream answered {answer.status_code}"
            self.lines += 1
            rest = b""
            for chunk in answer.iter_raw():  # twenty-five of these share the test's one process: nothing is decoded
                *lines, rest = (rest + chunk).split(b"\n")
                self.seen += [int(line[4:]) for line in lines if line.startswith(b"id: ")]
                if not self._is_awake.is_set():
                    return
