"""The tags of the design system, as pages call them."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone

from apps.cab.models import Choice, Verdict
from apps.cab.states import ChangeState, ConditionState, Outcome, ReviewState, RoundState
from apps.kernel.charts import charted
from apps.kernel.signs import sign_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def shown(source: str, **context) -> str:
    return Template(source).render(Context(context))


class Proposal(forms.Form):
    title = forms.CharField(help_text="One line.")
    states = forms.MultipleChoiceField(choices=[("draft", "draft"), ("closed", "closed")], required=False)
    agreed = forms.BooleanField(required=False)
    kind = forms.ChoiceField(widget=forms.RadioSelect, choices=[("normal", "Normal")])


@pytest.mark.parametrize(
    "state", [*ChangeState, *Outcome, *RoundState, *ConditionState, *ReviewState, *Choice, *Verdict]
)
def test_every_state_of_the_board_has_a_look_of_its_own(state):
    sign, plain = sign_of(str(state)), sign_of("never_heard_of")
    assert (sign.tone, sign.shape) != (plain.tone, plain.shape) or state == ChangeState.DRAFT
    badge = shown("{% state_badge state %}", state=state)
    assert f'data-state="{state}"' in badge
    assert sign_of(str(state)).word in badge


def test_a_state_we_have_no_look_for_is_a_plain_ring_and_its_word():
    plain = sign_of("never_heard_of")
    assert (plain.tone, plain.shape, plain.word) == ("neutral", "ring", "Never heard of")


def test_a_state_from_outside_is_escaped():
    assert "<script>" not in shown("{% state_badge state %}", state="<script>")


def test_no_state_is_a_dash():
    assert shown("{% state_badge state %}", state=None) == "–"


def test_risk_is_bars_and_a_word_and_a_number_for_readers():
    badge = shown("{% risk_bars 4 %}")
    assert badge.count("<i></i>") == 5
    assert "Risk 4 of 5: </span>high" in badge
    assert "not assessed" in shown("{% risk_bars risk %}", risk=None)


def test_an_instant_names_the_viewers_zone():
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert "2 Mar 2026, 13:00 CET</time>" in shown("{% instant at %}", at=NOON)
    with timezone.override(ZoneInfo("America/Sao_Paulo")):
        assert "09:00 UTC-03</time>" in shown("{% instant at %}", at=NOON)
    assert shown("{% instant at %}", at=date(2026, 3, 2)) == '<time datetime="2026-03-02">2 Mar 2026</time>'
    assert shown("{% instant at %}", at=None) == "–"


def planned(zone: str) -> SimpleNamespace:
    return SimpleNamespace(
        window_start_at=datetime(2026, 3, 2, 21, tzinfo=UTC),
        window_end_at=datetime(2026, 3, 2, 23, tzinfo=UTC),
        window_zone=zone,
    )


def test_a_window_shows_its_own_zone_only_where_the_clocks_differ():
    with timezone.override(ZoneInfo("Europe/Berlin")):
        there = shown("{% window_of change %}", change=planned("America/New_York"))
        assert "22:00</time>" in there
        assert "3 Mar 2026, 00:00 CET" in there
        assert "16:00</time>" in there
        assert "(America/New_York)" in there
        assert "window-own" not in shown("{% window_of change %}", change=planned("Europe/Paris"))


def test_a_window_over_the_change_of_clocks_names_both_offsets():
    spring = SimpleNamespace(
        window_start_at=datetime(2026, 3, 29, 0, tzinfo=UTC),
        window_end_at=datetime(2026, 3, 29, 3, tzinfo=UTC),
        window_zone="Europe/Berlin",
    )
    with timezone.override(ZoneInfo("Europe/Berlin")):
        words = shown("{% window_of change %}", change=spring)
    assert "01:00 CET" in words
    assert "05:00 CEST" in words


def test_a_change_without_a_window_says_so():
    assert "No window planned" in shown("{% window_of change %}", change=SimpleNamespace())


def test_a_seal_opens_to_its_proof():
    seal = shown("{% seal digest at 47 %}", digest="ab" * 32, at=NOON)
    assert "<code>abababab</code></summary>" in seal
    assert f"<code>{'ab' * 32}</code>" in seal
    assert "<dt>Entry</dt><dd>47</dd>" in seal
    assert shown("{% seal digest at None %}", digest="", at=None) == ""


def test_initials_are_of_the_first_and_last_name():
    assert '<span aria-hidden="true">AV</span>' in shown("{% initials p %}", p="Ada Maria Voss")
    assert '<span aria-hidden="true">O</span>' in shown("{% initials p %}", p="omar")
    assert "The house" in shown("{% initials p %}", p=None)


def test_a_field_ties_help_and_errors_to_its_control():
    page = shown("{% field form.title %}", form=Proposal({"title": ""}))
    assert 'aria-describedby="id_title_helptext id_title_error"' in page
    assert 'id="id_title_helptext"' in page
    assert 'id="id_title_error"' in page
    assert 'aria-invalid="true"' in page
    assert '<label for="id_title">' in page


def test_a_list_of_several_is_ticked():
    page = shown("{% field form.states %}", form=Proposal({"states": ["closed"]}))
    assert '<input type="checkbox" name="states" value="closed" checked>' in page
    assert '<input type="checkbox" name="states" value="draft">' in page
    assert "<select" not in page


def test_a_group_has_a_legend_and_a_tick_its_label():
    assert "<legend>Kind" in shown("{% field form.kind %}", form=Proposal())
    assert '<label for="id_agreed"><input type="checkbox"' in shown("{% field form.agreed %}", form=Proposal())


def test_errors_of_a_form_lead_to_their_fields():
    page = shown("{% form_errors form %}", form=Proposal({"kind": "normal"}))
    assert '<a href="#id_title">Title</a>: This field is required.' in page
    assert shown("{% form_errors form %}", form=Proposal()).strip() == ""


def test_a_difference_is_said_aloud_and_escaped():
    diff = shown("{% diff_runs runs %}", runs=[("same", "a "), ("removed", "<b>"), ("added", "c")])
    assert '<del><span class="visually-hidden">removed: </span>&lt;b&gt;</del>' in diff
    assert '<ins><span class="visually-hidden">added: </span>c</ins>' in diff


def test_progress_counts():
    assert "1,240 of 5,120" in shown("{% progress 1240 5120 %}")
    assert "7 done" in shown("{% progress 7 None %}")


def test_a_figure_links_to_what_it_counts():
    assert '<a class="figure" href="/queue/"><b class="figure-value">3</b>' in shown(
        '{% figure 3 "waiting" "/queue/" %}'
    )
    assert shown('{% figure 3 "waiting" %}').startswith('<div class="figure">')


def test_a_chart_has_a_table_twin_of_every_point():
    page = shown('{% series_chart points "Decided" "changes" %}', points=[("Jan", 1250), ("Feb", 3.5)])
    assert page.count('class="chart-bar"') == 2
    assert '<th scope="row">Jan</th><td class="num">1,250</td>' in page
    assert '<th scope="row">Feb</th><td class="num">3.5</td>' in page


def test_a_chart_starts_at_zero_and_ends_on_a_round_number():
    chart = charted([("a", 41), ("b", 55)])
    assert [tick.text for tick in chart.ticks] == ["0", "20", "40", "60"]
    assert chart.points[1].y < chart.points[0].y < chart.base


def test_a_chart_of_losses_hangs_from_zero():
    chart = charted([("a", -10), ("b", 10)])
    assert chart.points[0].bar_y == chart.base
    assert chart.points[1].bar_y < chart.base


def test_many_points_are_a_line_and_none_is_a_sentence():
    assert 'class="chart-line"' in shown('{% series_chart points "Week" %}', points=[(n, n) for n in range(30)])
    assert "Nothing to draw yet." in shown('{% series_chart points "Week" %}', points=[])


def test_a_chart_of_equal_zeros_stands():
    assert next(tick.text for tick in charted([("a", 0), ("b", 0)]).ticks) == "0"


def test_the_style_page_is_public_and_shows_both_themes(client):
    page = client.get("/design")
    assert page.status_code == 200
    assert b'data-theme="light"' in page.content
    assert b'data-theme="dark"' in page.content
