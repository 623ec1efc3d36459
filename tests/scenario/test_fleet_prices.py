"""Prices from an account: believed, held, confirmed, adjusted, kept; and what is committed."""
from live.http_api import wait_for
from scenario.fleet import FleetAgent, Pool
from scenario.world import job


def held(agent, region="east"):
    return agent.wait_pool(region, lambda pool: pool["HeldPrice"], "to have a held price")["HeldPrice"]


def grown_for(agent, document):
    """The regions whose pools would be grown for a job."""
    return [each["Region"] for each in agent.plan(document)["Growth"]["Pools"]]


def priced(agent, region, usd):
    return agent.wait_pool(region, lambda pool: pool["NodeHourlyUSD"] == usd, f"to cost {usd}")


def test_a_price_far_away_is_held_until_it_is_confirmed_and_its_pool_does_not_grow(make_fleet):
    fleet = make_fleet([Pool("east", most=6), Pool("west", most=6, usd_per_hour="0.2")])
    agent = fleet.start()
    agent.run(job("old", count=8))
    fleet.sim.price("east", 130_000)
    priced(agent, "east", "0.13")
    fleet.sim.price("east", 13_000)
    assert held(agent) | {"Since": None} == {"Hourly": "0.013", "Currency": "USD", "Since": None,
                                             "Reason": "it is 0.013 $/h, far from the 0.13 $/h before"}
    assert agent.pool("east")["NodeHourlyUSD"] == "0.13"
    assert "east/std: a price of 0.0130 USD is held" in agent.cli("pool", "list").stdout
    assert grown_for(agent, job("web", count=4)) == ["west"]
    # It and the last price that was believed outlive a restart.
    fleet.restart(agent)
    fleet.wait_known(agent)
    assert held(agent)["Hourly"] == "0.013"
    assert agent.pool("east")["NodeHourlyUSD"] == "0.13"
    agent.cli("pool", "confirm-price", "east", "std")
    pool = priced(agent, "east", "0.013")
    assert pool["HeldPrice"] is None
    assert agent.cli("pool", "confirm-price", "east", "std", check=False).returncode == 1
    row = agent.audit("price confirm")[0]
    assert (row["Actor"], row["After"]) == ("token:operator", "0.013")
    assert grown_for(agent, job("web", count=4)) == ["east"]
    agent.run(job("web", count=4))
    assert fleet.provider.verbs() == [("grow", "east")]


def test_zero_and_other_currencies_move_nothing_and_are_told(make_fleet):
    fleet = make_fleet([Pool("east", shrinks=False), Pool("west", usd_per_hour="0.2", shrinks=False)])
    agent = fleet.start()
    for micro, currency, told in ((0, "USD", "0 micro-units of USD an hour: it is not above zero"),
                                  (-5, "USD", "-5 micro-units of USD an hour: it is not above zero"),
                                  (90_000, "CHF", "90000 micro-units of CHF an hour: it is not in the account's currency")):
        fleet.sim.price("east", micro, currency)
        wait_for(lambda text=told: f"the price of east/std is left out, {text}" in agent.log_text(), 10, told)
        assert agent.pool("east")["NodeHourlyUSD"] == "0.096"
    fleet.restart(agent)
    agent.wait_state(fleet.names)
    priced(agent, "west", "0.20")
    assert agent.pool("east")["NodeHourlyUSD"] == "0.096"
    fleet.sim.price("east", 97_000)
    priced(agent, "east", "0.097")


def test_an_account_of_another_currency_is_held_without_a_rate_and_priced_with_one(make_fleet):
    adjusted = """price {
      adjustment "discount" { percent = "-10" }
      adjustment "support" { usd_per_hour = "0.01" }
    }"""
    euros = {"Currency": "EUR"}
    fleet = make_fleet([Pool("east", usd_per_hour="0.1", price=adjusted, fields=euros)], settings='  currency = "EUR"')
    agent = fleet.agent(agent_class=FleetAgent).start()
    agent.wait_state(fleet.names)
    assert held(agent)["Reason"] == 'there is no rate for its currency, EUR; add currency "EUR" { usd = "..." }'
    assert agent.pool("east")["NodeHourlyUSD"] is None
    assert agent.cli("pool", "confirm-price", "east", "std", check=False).returncode == 1
    agent.stop()
    agent.write_config(fleet.config('currency "EUR" { usd = "1.10" }\n'), "enforce")
    agent.start()
    agent.wait_state(fleet.names)
    # 0.1 EUR are 0.11 $; a tenth less is 0.099, and support comes on top.
    pool = priced(agent, "east", "0.109")
    assert pool["NodeListHourlyUSD"] == "0.11"
    assert [each["Name"] for each in pool["Adjustments"]] == ["discount", "support"]


def test_a_commitment_is_shown_and_pulls_growth_to_its_pool(make_fleet):
    fleet = make_fleet([Pool("east", most=6), Pool("west", most=6, usd_per_hour="0.2")])
    agent = fleet.start(more="""
commitment "three-years" {
  kind         = "reservation"
  pools        = ["west/std"]
  nodes        = 2
  usd_per_hour = "0.12"
}
""")
    [commitment] = agent.json("cost")["Commitments"]
    assert (commitment["Name"], commitment["Nodes"], commitment["UsedNodes"], commitment["UnusedHourlyUSD"]) == ("three-years", 2, 1, "0.12")
    agent.run(job("old", count=8))
    agent.run(job("web", count=4))
    assert fleet.sim.spread("web") == {"west": 4}
    [commitment] = agent.wait("cost", lambda a: a["Commitments"][0]["UsedNodes"] == 2, "both to be used")["Commitments"]
    assert (commitment["UnusedHourlyUSD"], commitment["UsedHourlyUSD"]) == ("0.00", "0.24")
    assert "three-years" in agent.cli("cost").stdout
    assert agent.pool("west")["CoveredNodes"] == 2
    # What it does not cover any more goes where it is cheapest.
    assert grown_for(agent, job("more", count=4)) == ["east"]
