"""Calls that the type checker refuses, one a line; each says which error."""

from haplan import api

api.plan("edge", tragets=["site.a"])  # expect: call-arg
api.plan("edge", targets=5)  # expect: arg-type
api.plan("edge", lab="yes")  # expect: arg-type
api.apply(5)  # expect: arg-type
api.apply("edge.plan", env="shop")  # expect: call-arg
api.drift("edge", destroy=True)  # expect: call-arg
api.plan("edge").changes = ()  # expect: misc
