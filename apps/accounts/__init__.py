"""People, teams, service identities, their roles and API keys.

Words: a *person* signs in or is a service identity; a *role* gives capabilities over the whole federation; a *scope*
narrows what one API key may do; a *team* is a Django group. Object permissions are django-guardian's, kept per model.
"""
