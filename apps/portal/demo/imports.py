"""Catalogues that the demo organisation imported: what runs on which hosts, and calls whose other end nobody knows."""

from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.clusters import actions
from apps.clusters.models import LooseEnd, Placement

HOSTS = """cluster,site,host,runs
payments,fra-1,pay-fra-01,ledger;card-gateway;payouts
payments,fra-1,pay-fra-02,ledger;card-gateway
payments,ams-1,pay-ams-01,ledger
payments,iad-1,pay-iad-01,fraud-scoring;statement-archive
logistics,tyo-1,log-tyo-01,dispatch;route-planner
logistics,tyo-1,log-tyo-02,dispatch;warehouse-stock;label-printer
logistics,osa-2,log-osa-01,warehouse-stock;conveyor-control
storefront,lon-1,shop-lon-01,web-shop;checkout
storefront,lon-1,shop-lon-02,web-shop;catalogue;search-index
identity,osl-1,id-osl-01,sign-in;staff-directory;consent-store
data-platform,ams-1,dat-ams-01,event-stream
data-platform,ams-1,dat-ams-02,warehouse;reporting
"""
CALLS = """consumer_cluster,consumer,provider_cluster,provider,kind,weight,data_class,safeguard
storefront,checkout,identity,sign-in,calls,,,
payments,card-gateway,,acquirer-relay,calls,240,restricted,tokens instead of card numbers
payments,payouts,treasury,swift-bridge,calls,12,confidential,
logistics,label-printer,,customs-forms,calls,,internal,
storefront,search-index,,synonym-service,calls,35,,
,loyalty-points,payments,ledger,calls,,,
"""
CARRIERS = """apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: tracking
  title: Tracking
  description: Where a parcel is, for customers and for the carriers that bring it.
  tags: ["data:internal"]
spec:
  type: openapi
  lifecycle: production
  owner: Logistics team
  definition: |
    openapi: 3.1.0
    info: {title: Tracking, version: "2.4"}
    servers: [{url: "https://tracking.halden.example/v2"}]
    paths:
      /parcels/{parcel}:
        get:
          summary: Where the parcel is now, and where it was
          parameters: [{name: parcel, in: path, required: true, schema: {type: string}}]
          responses: {"200": {description: Its stations, the newest first}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: dispatch}
spec: {type: service, lifecycle: production, owner: Logistics team, providesApis: [tracking]}
"""
PLANNED = """slug,cluster,name,kind,tier,sites
customs-forms,logistics,Customs forms,service,3,tyo-1
parcel-lockers,logistics,Parcel lockers,service,2,tyo-1
dispatch,logistics,Dispatch of parcels,service,1,tyo-1
"""


def bring(people: dict[str, Person], *, at: datetime) -> int:
    """Import three files and leave a fourth one looked at; returns how many loose ends there are."""
    greta = people["greta"]
    day = timedelta(days=1)
    for name, text, options, ago in (
        ("hosts.csv", HOSTS, {"rows": "placements"}, 12 * day),
        ("calls-seen-by-proxies.csv", CALLS, {"rows": "dependencies"}, 11 * day),
        ("carriers.yaml", CARRIERS, {"cluster_map": {"*": "logistics"}}, 9 * day),
        ("planned-services.csv", PLANNED, {"rows": "components"}, day),
    ):
        kept, _ = actions.upload_catalog(
            file_name=name,
            content=text.encode(),
            catalog_format="csv" if "rows" in options else "backstage",
            options=options,
            uploader=greta,
            at=at - ago,
        )
        if ago > day:
            actions.apply_upload(import_id=kept.pk, importer=greta, at=at - ago)
    assert Placement.objects.exists()
    return LooseEnd.objects.count()
