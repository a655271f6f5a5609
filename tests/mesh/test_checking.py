import pytest

from apps.kernel.refusals import Invalid, TooLarge
from apps.mesh import checking
from tests.mesh.conftest import gate


def checked(*texts: str):
    return checking.check("---\n".join(texts).encode()).documents


def verdict(spec: str):
    (one,) = checked(gate(spec))
    return one.verdict.value, [(problem.path, problem.layer) for problem in one.problems]


class TestSchemas:
    @pytest.mark.parametrize(
        "spec",
        [
            "width: 3",
            "width: 3, low: 3",
            "width: 3, colour: red",
            "width: 3, colour: null",
            "width: 3, port: 80",
            "width: 3, port: http",
            "width: 3, url: 'https://a.example'",
            "width: 3, wait: 1s",
            "width: 3, posts: [{name: a}, {name: b}]",
            "width: 3, free: {anything: {goes: 1}}",
        ],
    )
    def test_what_fits_is_valid(self, defined, spec):
        assert verdict(spec) == ("valid", [])

    @pytest.mark.parametrize(
        ("spec", "path", "layer"),
        [
            ("low: 3", "spec", "schema"),
            ("width: wide", "spec.width", "schema"),
            ("width: 0", "spec.width", "schema"),
            ("width: 2147483648", "spec.width", "schema"),
            ("width: 3, colour: blue", "spec.colour", "schema"),
            ("width: 3, port: 1.5", "spec.port", "schema"),
            ("width: 3, posts: [{name: a}, {name: a}]", "spec.posts[1]", "schema"),
            ("width: 3, low: 4", "spec", "rule"),
            ("width: 3, url: 'ftp://a.example'", "spec.url", "rule"),
            ("width: 3, url: 'no url'", "spec.url", "rule"),
            ("width: 3, wait: 0s", "spec.wait", "rule"),
            ("width: 3, wait: soon", "spec.wait", "rule"),
        ],
    )
    def test_what_does_not_fit_is_refused_at_its_place(self, defined, spec, path, layer):
        assert verdict(spec) == ("refused", [(path, layer)])

    def test_a_rule_says_its_message(self, defined):
        (one,) = checked(gate("width: 3, low: 4"))
        assert one.problems[0].sentence == "Low may not exceed width."

    def test_unknown_fields_are_dropped_and_said(self, defined):
        (one,) = checked(gate("width: 3, witdh: 4"))
        assert (one.verdict.value, one.ignored) == ("valid", ["spec.witdh"])

    def test_a_kind_nobody_defined_is_not_checked_never_valid(self, defined):
        (one,) = checked("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n")
        assert one.verdict.value == "not_checked"

    def test_without_definitions_nothing_is_valid(self, db):
        report = checking.check(gate("width: 3").encode())
        assert (report.bundle, report.counts) == (None, {"not_checked": 1})


class TestDocuments:
    def test_one_broken_document_does_not_hide_the_others(self, defined):
        found = checked(gate("width: 3"), "a: [\n", gate("width: 0", name="south"))
        assert [one.verdict.value for one in found] == ["valid", "refused", "refused"]
        assert [one.line for one in found] == [1, 6, 8]
        assert found[1].problems[0].layer == "yaml"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("a: &x [1]\nb: *x\n", "Line 2: an alias"),
            ("a: 1\na: 2\n", "Line 2: “a” stands twice"),
            ("a: !python/object:os.system x\n", "Line 1: a tag of one's own"),
            ("a: " + "[" * 61 + "]" * 61 + "\n", "levels deep"),
            ("- 1\n", "no Kubernetes object"),
            ("text\n", "no Kubernetes object"),
            ("\ta: 1\n", "Line 1:"),
        ],
    )
    def test_what_is_hostile_or_broken_is_refused_with_its_line(self, db, text, words):
        (one,) = checked(text)
        assert one.verdict.value == "refused"
        assert words in one.problems[0].sentence

    def test_a_bomb_of_aliases_is_refused_before_it_is_built(self, db):
        bomb = "a0: &a0 [1,1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1},*a{n - 1}]\n" for n in range(1, 60))
        assert "alias" in checked(bomb)[0].problems[0].sentence

    def test_empty_documents_and_comments_are_none(self, defined):
        assert len(checked("# nothing\n", "\n", gate("width: 3"), "")) == 1

    def test_what_lacks_its_envelope_says_what(self, defined):
        found = checked(
            "kind: Gate\nmetadata: {name: a}\n", "apiVersion: halden.example/v1\nkind: Gate\nspec: {width: 3}\n"
        )
        assert [one.problems[0].path for one in found] == ["apiVersion", "metadata.name"]

    def test_too_much_is_refused_as_a_whole(self, db):
        with pytest.raises(TooLarge, match="2 MB"):
            checking.check(b" " * (2 * 1024 * 1024 + 1))
        with pytest.raises(TooLarge, match="2,000 documents"):
            checking.check(b"---\na: 1\n" * 2_001)
        with pytest.raises(Invalid, match="UTF-8"):
            checking.check(b"\xff\xfe\x00")


SERVICE = """apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 9080}]}
"""


def virtual(name: str, spec: str) -> str:
    return f"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"


def rule(spec: str) -> str:
    return f"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: d}}\nspec: {{{spec}}}\n"


def gateway(hosts: str, *, port: int = 443) -> str:
    return (
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge}\n"
        f"spec: {{selector: {{istio: edge}}, servers: [{{port: {{number: {port}}}, hosts: [{hosts}]}}]}}\n"
    )


def messages(*texts: str) -> set[str]:
    return {problem.layer for one in checked(*texts) for problem in one.problems}


def to(target: str, *, after: str = "") -> str:
    """A virtual service that routes to a destination."""
    return virtual("v", f"hosts: [a], http: [{after}{{route: [{{destination: {{{target}}}}}]}}]")


def service(name: str, spec: str) -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"


EDGE = virtual("v", "hosts: [a.example], gateways: [edge]")
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {v: '1'}}\n"
ENTRY = """apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: s}
spec: {hosts: ['*.api.example']}
"""
REVIEWS = virtual("v", "hosts: [reviews]")
WHOLE_NAME = virtual("w", "hosts: [reviews.default.svc.cluster.local]")
OPEN = "{route: [{destination: {host: reviews}}]}, "
INGRESS = service("ingress", "selector: {istio: edge}, ports: [{name: https, port: 8443}]")
PORTS = "ports: [{name: grpc-web-x, port: 80}, {name: odd, appProtocol: http, port: 81}]"
NOT_FOUND = "ReferencedResourceNotFound"


class TestAcrossResources:
    def test_a_route_to_a_service_that_is_there_is_right(self, db):
        assert messages(SERVICE, to("host: reviews")) == set()

    @pytest.mark.parametrize(
        ("texts", "message"),
        [
            ([to("host: ratings")], NOT_FOUND),
            ([to("host: reviews, subset: v9")], NOT_FOUND),
            ([to("host: reviews, port: {number: 1}")], NOT_FOUND),
            ([EDGE], NOT_FOUND),
            ([rule("host: ratings")], NOT_FOUND),
            ([gateway("b.example"), EDGE], "VirtualServiceHostNotFoundInGateway"),
            ([REVIEWS, WHOLE_NAME], "ConflictingMeshGatewayVirtualServiceHosts"),
            ([to("host: reviews", after=OPEN)], "VirtualServiceUnreachableRule"),
            (
                [rule("host: reviews, trafficPolicy: {tls: {mode: SIMPLE}}")],
                "NoServerCertificateVerificationDestinationLevel",
            ),
            (
                [POD, rule("host: reviews, subsets: [{name: a, labels: {v: '2'}}]")],
                "DestinationRuleSubsetNotSelectPods",
            ),
            ([INGRESS, gateway("'*'")], "GatewayPortNotDefinedOnService"),
            ([service("odd", "ports: [{name: web, port: 80}]")], "PortNameIsNotUnderNamingConvention"),
            ([SERVICE], "Duplicate"),
        ],
    )
    def test_what_is_wrong_between_them_is_called_by_istios_name(self, db, texts, message):
        assert messages(SERVICE, *texts) == {message}

    @pytest.mark.parametrize(
        "texts",
        [
            [gateway("'*.example'"), EDGE],
            [gateway("'default/a.example'"), EDGE],
            [rule("host: reviews, subsets: [{name: v1, labels: {v: '1'}}]"), to("host: reviews, subset: v1")],
            [POD, rule("host: reviews, subsets: [{name: v1, labels: {v: '1'}}]")],
            [to("host: reviews, port: {number: 9080}")],
            [REVIEWS, virtual("w", "hosts: [reviews], gateways: [edge]"), gateway("'*'")],
            [ENTRY, rule("host: a.api.example")],
            [rule("host: reviews, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}")],
            [INGRESS, gateway("'*'", port=8443)],
            [service("fine", PORTS)],
        ],
    )
    def test_what_is_right_is_not_called_wrong(self, db, texts):
        assert messages(SERVICE, *texts) == set()

    def test_without_services_of_its_own_a_file_is_not_blamed_for_hosts(self, db):
        assert messages(to("host: elsewhere")) == set()
