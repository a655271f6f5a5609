"""AsyncAPI documents: what the schema and the specification's words refuse, where it is said, at both doors."""

import json
from copy import deepcopy

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.integrations import checking
from apps.integrations.rules.asyncapi import faults
from apps.integrations.rules.asyncapi_references import resolved
from apps.integrations.rules.asyncapi_schema import Published, written
from tests.conftest import signed_in

PAGE, API = "/integrations/asyncapi/", "/api/v1/integrations/asyncapi-checks/"
TWO = {
    "asyncapi": "2.6.0",
    "info": {"title": "Stock", "version": "1"},
    "servers": {"main": {"url": "{host}.example.org", "protocol": "kafka", "variables": {"host": {"default": "a"}}}},
    "channels": {
        "stock/{depot}": {
            "parameters": {"depot": {"schema": {"type": "string"}}},
            "subscribe": {"operationId": "stock", "message": {"$ref": "#/components/messages/level"}},
        }
    },
    "components": {"messages": {"level": {"payload": {"type": "object"}}}},
}
THREE = {
    "asyncapi": "3.0.0",
    "info": {"title": "Stock", "version": "1"},
    "servers": {"main": {"host": "example.org", "protocol": "kafka"}},
    "channels": {
        "stock": {
            "address": "stock/{depot}",
            "servers": [{"$ref": "#/servers/main"}],
            "parameters": {"depot": {}},
            "messages": {"level": {"payload": {"type": "object"}}},
        }
    },
    "operations": {
        "hear": {
            "action": "receive",
            "channel": {"$ref": "#/channels/stock"},
            "messages": [{"$ref": "#/channels/stock/messages/level"}],
        }
    },
}


@pytest.fixture(scope="module")
def published():
    from django.conf import settings

    read = json.loads((settings.BASE_DIR / checking.PUBLISHED).read_text())
    return Published(read["schemas"], read["bindings"])


def changed(document, path, value):
    """The document with another value at a place; None takes it away."""
    copy = deepcopy(document)
    *way, last = path
    place = copy
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return copy


class TestRules:
    @pytest.mark.parametrize("document", [TWO, THREE])
    def test_what_is_right_is_right(self, document, published):
        assert faults(document, published) == []

    @pytest.mark.parametrize(
        ("document", "path", "value", "where", "says"),
        [
            (TWO, ["info", "title"], None, "$.info", "“title” is missing."),
            (TWO, ["info", "extra"], 1, "$.info", "“extra” is not known here."),
            (TWO, ["asyncapi"], "1.2.0", "$.asyncapi", "is no version of the specification"),
            (TWO, ["info", "version"], 1, "$.info.version", "“1” must be of type string."),
            (
                TWO,
                ["channels", "stock/{depot}", "subscribe", "message", "$ref"],
                "#/components/messages/nothing",
                "$.channels['stock/{depot}'].subscribe.message['$ref']",
                "leads nowhere in this document",
            ),
            (
                TWO,
                ["components", "messages", "level"],
                {"$ref": "#/components/messages/level"},
                "$.components.messages.level['$ref']",
                "leads back to itself",
            ),
            (TWO, ["components", "messages", "a b"], {}, "$.components.messages['a b']", "is no name of a component"),
            (
                TWO,
                ["servers", "main", "security"],
                [{"none": []}],
                "$.servers.main.security[0].none",
                "no security scheme",
            ),
            (
                TWO,
                ["channels", "other"],
                {"publish": {"operationId": "stock"}},
                "$.channels.other.publish.operationId",
                "stands also at $.channels['stock/{depot}'].subscribe.operationId",
            ),
            (TWO, ["channels", "a?b=1"], {}, "$.channels['a?b=1']", "no query and no fragment"),
            (TWO, ["channels", "s"], {"servers": ["second"]}, "$.channels.s.servers[0]", "There is no server “second”"),
            (
                TWO,
                ["tags"],
                [{"name": "a"}, {"name": "a", "description": "b"}],
                "$.tags",
                "The tag “a” stands 2 times.",
            ),
            (
                TWO,
                ["components", "messages", "level", "bindings"],
                {"kafka": {"key": 7}},
                "$.components.messages.level.bindings.kafka.key",
                "",
            ),
            (
                TWO,
                ["components", "schemas"],
                {"Pet": {"type": "object", "discriminator": "kind", "properties": {"kind": {}}}},
                "$.components.schemas.Pet.discriminator",
                "must be required",
            ),
            (
                THREE,
                ["operations", "hear", "channel", "$ref"],
                "#/components/channels/stock",
                "$.operations.hear.channel",
                "names a channel of the document",
            ),
            (
                THREE,
                ["operations", "hear", "messages", 0, "$ref"],
                "#/components/messages/level",
                "$.operations.hear.messages[0]",
                "It is no message of its channel",
            ),
            (
                THREE,
                ["channels", "stock", "parameters", "shelf"],
                {},
                "$.channels.stock.parameters.shelf",
                "The address has no parameter “shelf”",
            ),
            (
                THREE,
                ["channels", "stock", "servers", 0, "$ref"],
                "#/components/servers/main",
                "$.channels.stock.servers[0]",
                "names servers of the document",
            ),
            (THREE, ["operations", "hear", "action"], "shout", "$.operations.hear.action", "is none of send, receive"),
        ],
    )
    def test_what_is_wrong_is_said_where_it_is(self, document, path, value, where, says, published):
        found = [one for one in faults(changed(document, path, value), published) if not one.is_note]
        assert any(one.path == where and says in one.sentence for one in found), found

    def test_what_is_odd_is_a_note(self, published):
        odd = changed(TWO, ["channels", "stock/{depot}", "parameters"], None)
        [note] = faults(odd, published)
        assert note.is_note
        assert note.sentence == "The parameter “depot” of the address is not described."
        out = changed(TWO, ["components", "messages", "level", "payload"], {"$ref": "stock.json#/level"})
        [note] = faults(out, published)
        assert "leads out of the document and is not followed" in note.sentence

    def test_what_looks_like_a_reference_in_an_example_or_a_property_is_none(self, published):
        schema = {"type": "object", "properties": {"$ref": {"type": "string"}}, "examples": [{"$ref": "#/nowhere"}]}
        assert faults(changed(TWO, ["components", "messages", "level", "payload"], schema), published) == []

    @pytest.mark.parametrize(
        "content", [None, 1, "text", [], {}, {"asyncapi": 3}, {"asyncapi": {}}, {"asyncapi": "3.0.0"}]
    )
    def test_what_is_no_such_document(self, content, published):
        assert faults(content, published)

    @pytest.mark.parametrize("name", ["info", "servers", "channels", "components", "operations", "tags", "security"])
    @pytest.mark.parametrize("value", [1, "x", [], [1], {"a": 1}, {"a": []}, {"a": {"$ref": 7}}, {"a": {"$ref": "#"}}])
    def test_rules_bear_every_shape(self, name, value, published):
        for document in (TWO, THREE):
            faults(changed(document, [name], value), published)

    def test_places_are_json_paths_and_pointers_follow_rfc_6901(self):
        assert written(["channels", "a/b", 0, "x"]) == "$.channels['a/b'][0].x"
        document = {"a/b": {"c~d": [{"e": 1}]}}
        assert resolved(document, {"$ref": "#/a~1b/c~0d/0"}) == {"e": 1}
        assert resolved(document, {"$ref": "#/a~1b/c~0d/7"}) is None


class TestDoors:
    def test_a_page_says_what_is_wrong_and_where(self, db, ada, auditor):
        client = signed_in(ada)
        assert client.get(PAGE).status_code == 200
        assert signed_in(auditor).post(PAGE, {"text": json.dumps(TWO)}).status_code == 403
        text = client.post(PAGE, {"text": json.dumps(changed(TWO, ["info", "title"], None))}).content.decode()
        assert "“title” is missing." in text
        assert "$.info" in text
        assert "Nothing." in client.post(PAGE, {"text": json.dumps(THREE)}).content.decode()
        assert client.post(PAGE, {"text": ""}).status_code == 422
        file = SimpleUploadedFile("stock.yaml", b"asyncapi: 2.6.0\n---\na: &x 1\nb: *x\n")
        text = client.post(PAGE, {"file": file}).content.decode()
        assert "2 documents" in text
        assert "an alias (*name) can make a small file huge" in text

    def test_the_api_answers_with_counts_versions_and_places(self, db, ada):
        body = f"{json.dumps(TWO)}\n---\n{json.dumps(changed(THREE, ['info'], None))}\n---\na: 1\na: 2\n"
        answer = signed_in(ada).post(API, body, content_type="application/yaml")
        assert answer.status_code == 200
        told = answer.json()
        assert told["counts"] == {"valid": 1, "refused": 2}
        assert [one["version"] for one in told["documents"]] == ["2.6.0", "3.0.0", ""]
        assert told["documents"][1]["faults"] == [{"path": "$", "sentence": "“info” is missing.", "layer": "schema"}]
        assert "stands twice" in told["documents"][2]["faults"][0]["sentence"]

    def test_nothing_sent_is_no_document(self, db, ada):
        for address in (API, "/api/v1/mesh/manifest-checks/"):
            answer = signed_in(ada).generic("POST", address)
            assert (answer.status_code, answer.json()["documents"]) == (200, [])

    def test_what_is_too_large_is_refused_as_a_whole(self, db, ada):
        many = "---\nasyncapi: 2.0.0\n" * (checking.MOST_DOCUMENTS + 1)
        assert signed_in(ada).post(API, many, content_type="application/yaml").status_code == 413
        assert (
            signed_in(ada).post(API, b"x" * (2 * 1024 * 1024 + 1), content_type="application/yaml").status_code == 413
        )
