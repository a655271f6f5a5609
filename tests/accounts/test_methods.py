from apps.accounts.rules import Role
from tests.conftest import make_person, signed_in


class TestAMethodThatAPageDoesNotTake:
    def test_who_opens_the_address_of_a_form_is_led_to_its_page(self, db):
        """As whoever signs in again on the way to it is: there was an empty page."""
        client = signed_in(make_person("priya", Role.PROGRAMME_MANAGER))
        answer = client.get("/stakeholders/rates/new/")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
        assert "There is nothing to read here." in answer.content.decode()
        assert 'href="/stakeholders/rates/">Go back</a>' in answer.content.decode()

    def test_an_address_without_a_page_above_leads_to_the_start(self, db):
        answer = signed_in(make_person("priya", Role.PROGRAMME_MANAGER)).post("/changes/")
        assert (answer.status_code, answer.context["back"]) == (405, "")
        assert "takes nothing that is sent to it" in answer.content.decode()

    def test_the_api_says_it_as_its_other_refusals(self, db):
        answer = signed_in(make_person("priya", Role.PROGRAMME_MANAGER)).put("/api/v1/findings/")
        assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
