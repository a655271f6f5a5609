"""What is being changed at the demo organisation: one story a change, some way along."""

from dataclasses import dataclass

from apps.cab.models import ChangeCategory, ChangeType
from apps.cab.states import Outcome

CATEGORIES = {
    "payments/ledger": ChangeCategory.DATABASE,
    "payments/statement-archive": ChangeCategory.DATABASE,
    "storefront/search-index": ChangeCategory.DATABASE,
    "data-platform/warehouse": ChangeCategory.DATABASE,
    "data-platform/event-stream": ChangeCategory.INFRASTRUCTURE,
    "logistics/label-printer": ChangeCategory.INFRASTRUCTURE,
    "identity/sign-in": ChangeCategory.SECURITY,
    "identity/staff-directory": ChangeCategory.SECURITY,
    "identity/consent-store": ChangeCategory.SECURITY,
    "payments/card-gateway": ChangeCategory.SECURITY,
}


@dataclass(frozen=True)
class Story:
    """One change and how far it has come. `day` counts from today; the window is in the cluster's zone."""

    title: str
    purpose: str
    components: str
    requester: str
    day: int
    until: str  # the state it reaches, or one of the ways in `telling`
    type: str = ChangeType.NORMAL
    implementer: str = "piotr"
    start_hour: int = 22
    hours: int = 2
    downtime: int = 0
    cost: str = ""  # what it is thought to cost; empty: nobody said
    currency: str = "EUR"
    backout: str = "Switch back to the release before; the schema stays compatible. Takes ten minutes."
    outcome: str = Outcome.SUCCESSFUL

    @property
    def category(self) -> str:
        """That of the first component."""
        return CATEGORIES.get(self.components.split()[0], ChangeCategory.SOFTWARE)


STORIES = (
    Story("Rotate the card gateway's signing keys", "The keys expire at the end of the month; partners have the new certificates.", "payments/card-gateway", "joan", 4, "awaiting_authorization", cost="1800"),
    Story("Move the ledger to the new storage class", "The old disks leave the contract; the new ones are measured at twice the throughput.", "payments/ledger", "joan", 9, "awaiting_authorization", hours=5, downtime=25, cost="64000"),
    Story("Shop and checkout speak the new sign-in protocol", "Identity ends support of the old token format in autumn.", "storefront/web-shop storefront/checkout identity/sign-in", "piotr", 6, "awaiting_authorization", implementer="anneke", cost="38500"),
    Story("Raise the limits of the event stream", "Year-end volumes are forty per cent above last year's.", "data-platform/event-stream logistics/dispatch", "piotr", 3, "conditional", implementer="", cost="9200", currency="GBP"),
    Story("Retire the old label templates", "No carrier has asked for them since spring.", "logistics/label-printer", "piotr", 5, "scheduled", cost="600"),
    Story("Give fraud scoring its own queue", "Scoring slows the gateway down at peaks.", "payments/fraud-scoring", "joan", 1, "scheduled", downtime=5, cost="4300"),
    Story("Upgrade the search index to the next major release", "The release in use gets no security fixes after this quarter.", "storefront/search-index", "piotr", 2, "scheduled", hours=3, cost="12400"),
    Story("Replace the warehouse's certificate authority", "The old root expires in eight weeks.", "logistics/warehouse-stock logistics/dispatch", "piotr", 0, "implementing", cost="27500", currency="USD"),
    Story("Archive statements older than ten years", "Retention rules ask for it; storage falls by a third.", "payments/statement-archive", "joan", -1, "implemented", outcome=Outcome.SUCCESSFUL_WITH_ISSUES, cost="5200"),
    Story("Consent texts in two more languages", "The Baltic launch needs them.", "identity/consent-store", "piotr", -3, "in_review", cost="3100"),
    Story("New route planner release", "Plans winter routes with the snow forecast.", "logistics/route-planner", "piotr", -6, "closed", cost="8800"),
    Story("Tighten the staff directory's password rules", "Asked for by the yearly audit.", "identity/staff-directory", "joan", -12, "closed", cost="1500"),
    Story("Catalogue reads from replicas", "Takes load off the primary before the sale.", "storefront/catalogue", "piotr", -18, "closed", outcome=Outcome.BACKED_OUT, cost="14200"),
    Story("Faster payouts on Fridays", "Merchants wait over the weekend today.", "payments/payouts payments/ledger", "joan", -25, "closed", outcome=Outcome.UNSUCCESSFUL, cost="21000"),
    Story("Reporting moves to the shared scheduler", "One scheduler less to run.", "data-platform/reporting", "piotr", -33, "closed", cost="7400"),
    Story("New access keys of the statement archive", "Every quarter; nothing else changes.", "payments/statement-archive", "joan", -16, "closed", cost="300"),
    Story("Web shop drops the old image format", "Pages get a third lighter.", "storefront/web-shop", "piotr", -40, "closed", cost="5600"),
    Story("Block the addresses that flood the sign-in", "Forty thousand attempts a minute; staff cannot get in.", "identity/sign-in", "piotr", 0, "begun-first", type=ChangeType.EMERGENCY, start_hour=6, hours=1),
    Story("Restart dispatch after its disk filled", "No van has had a route since four in the morning.", "logistics/dispatch", "piotr", -4, "approved-afterwards", type=ChangeType.EMERGENCY, start_hour=6, hours=1, cost="900"),
    Story("Switch the fraud check off over the weekend", "Checkout waits nine seconds for it.", "payments/fraud-scoring", "joan", -6, "refused-afterwards", type=ChangeType.EMERGENCY, start_hour=6, hours=1),
    Story("Set the label printers' clocks", "Labels carry tomorrow's date.", "logistics/label-printer", "piotr", -5, "lapsed-afterwards", type=ChangeType.EMERGENCY, start_hour=6, hours=1, cost="250"),
    Story("Stop the failing payout batch and replay it", "The night's batch stops at the first damaged record; 1,900 merchants wait.", "payments/payouts", "joan", 0, "emergency", type=ChangeType.EMERGENCY, start_hour=6, hours=1, backout=""),
    Story("Open the warehouse to the analysts' new tool", "Analysts ask for it; the tool keeps copies outside the region.", "data-platform/warehouse", "piotr", 8, "rejected", cost="48000"),
    Story("Let partners read stock levels directly", "Partners poll us every minute today.", "logistics/warehouse-stock", "piotr", 10, "changes_requested", cost="16500"),
    Story("Encrypt the consent store's backups with the new key", "The key ceremony is done.", "identity/consent-store", "joan", 7, "submitted", cost="2700"),
    Story("Split checkout from the web shop's release train", "Two teams wait for one another today.", "storefront/checkout storefront/web-shop", "piotr", 13, "assessing", cost="29000"),
    Story("Trial of passkeys for staff", "Half of support calls are about passwords.", "identity/sign-in identity/staff-directory", "joan", 20, "draft"),
    Story("Turn the old reporting cluster off", "Nothing has read from it for a month.", "data-platform/reporting", "piotr", 6, "held", cost="1900"),
    Story("Change the payout file's number format", "A bank asked for it, then withdrew.", "payments/payouts", "joan", 11, "cancelled", cost="3400"),
    Story("Compress the event stream", "Halves the traffic between regions.", "data-platform/event-stream", "piotr", 5, "lapsed", cost="6100"),
    Story("Fail over sign-in to the second site", "The yearly exercise, this time at noon.", "identity/sign-in", "joan", 12, "second-round", start_hour=12, hours=1, downtime=2, cost="11800"),
    Story("Monthly operating system patches, Storefront", "As every month; the plan is the standard one.", "storefront/web-shop storefront/catalogue", "piotr", 2, "pre-authorized", type=ChangeType.STANDARD, start_hour=3, cost="750"),
    Story("Let couriers correct parcel weights themselves", "Withdrawn while the board voted: the scales will be replaced instead.", "logistics/dispatch", "piotr", 9, "withdrawn", implementer="", cost="9900"),
    Story("Send invoices through the new mail relay", "The old relay is refused by two large mailbox providers.", "payments/statement-archive identity/staff-directory", "joan", 6, "condition-met", implementer="", cost="4600"),
    Story("Move product pictures to the second region", "Pages load slowly in the south.", "storefront/catalogue data-platform/warehouse", "piotr", 8, "condition-waived", implementer="", cost="18300"),
    Story("Replace the route planner's map tiles", "The supplier's contract ends.", "logistics/route-planner logistics/dispatch", "piotr", -20, "review-overdue", outcome=Outcome.SUCCESSFUL_WITH_ISSUES, cost="31000", currency="GBP"),
    Story("Turn off weak ciphers at checkout", "The card schemes ask for it by the end of the year.", "storefront/checkout", "joan", -15, "closed", outcome=Outcome.NOT_IMPLEMENTED, cost="2200"),
    Story("Renew the certificate customers see", "It would have expired on the Sunday.", "storefront/web-shop", "piotr", -9, "closed", type=ChangeType.EMERGENCY, start_hour=7, hours=1, cost="400"),
    Story("Rotate the master key in custody", "Once a year, by two people.", "treasury/key-custody", "lena", 7, "scheduled", start_hour=6, implementer="piotr", cost="1200"),
)  # fmt: skip
