"""Sizes with their restrictions, usage against quota, and retail prices with every row that has misled somebody."""
import re

from .reply import Refusal, Reply

FAMILIES = {"Standard_D2s_v3": ("standardDSv3Family", 2, "8"), "Standard_D4s_v3": ("standardDSv3Family", 4, "16"),
            "Standard_B2s": ("standardBSFamily", 2, "4"), "Standard_E4as_v5": ("standardEASv5Family", 4, "32"),
            "Standard_NC4as_T4_v3": ("Standard NCASv3_T4 Family", 4, "28"), "Standard_A0": ("standardA0_A7Family", 1, "0.75"),
            "Standard_D2ps_v5": ("standardDPSv5Family", 2, "8"), "Standard_M8-2ms": ("standardMSFamily", 8, "218.75")}


def size_entry(name, location, zones=("1", "2", "3")):
    family, cores, memory = FAMILIES[name]
    capabilities = {"MaxResourceVolumeMB": "16384", "vCPUs": str(cores), "MemoryGB": memory, "HyperVGenerations": "V1,V2",
                    "CpuArchitectureType": "Arm64" if "ps_" in name else "x64", "LowPriorityCapable": "False" if "_B" in name else "True",
                    "PremiumIO": "True", "vCPUsAvailable": "2" if name == "Standard_M8-2ms" else str(cores)}
    if "NC4" in name:
        capabilities["GPUs"] = "1"
    return {"resourceType": "virtualMachines", "name": name, "tier": "Standard", "size": name.split("_", 1)[1], "family": family,
            "locations": [location], "locationInfo": [{"location": location, "zones": list(zones), "zoneDetails": []}],
            "capabilities": [{"name": key, "value": value} for key, value in capabilities.items()], "restrictions": []}


def sizes(location):
    """What /skus lists: other resource types between, one size restricted in one zone and one everywhere."""
    entries = [{"resourceType": "disks", "name": "Premium_LRS", "locations": [location], "locationInfo": [], "capabilities": [],
                "restrictions": []}]
    entries += [size_entry(name, location) for name in FAMILIES]
    zone, place = entries[2], entries[5]
    zone["restrictions"] = [{"type": "Zone", "values": [location], "reasonCode": "NotAvailableForSubscription",
                             "restrictionInfo": {"locations": [location], "zones": ["3"]}}]
    place["restrictions"] = [{"type": "Location", "values": [location], "reasonCode": "NotAvailableForSubscription",
                              "restrictionInfo": {"locations": [location]}}]
    return entries


def list_sizes(world, request):
    wanted = request.query.get("$filter", "")
    found = re.fullmatch(r"location eq '([^']*)'", wanted)
    if wanted and not found:
        raise Refusal(400, "InvalidFilter", "Only location can be filtered.")
    locations = [found.group(1).replace(" ", "").lower()] if found else world.locations
    return world.page(request, [entry for location in locations for entry in sizes(location)], limit=5)


def list_usages(world, location, network):
    used = sum(world.cores_of(one.body) * len(one.instances) for one in world.scale_sets.all.values()
               if one.body.get("location", "").replace(" ", "").lower() == location)

    def row(name, text, current, limit):
        return {"name": {"value": name, "localizedValue": text}, "currentValue": current, "limit": limit, "unit": "Count"}

    if network:
        return Reply(200, {"value": [row("PublicIPAddresses", "Public IP Addresses", 1, 20)]})
    limit = world.cores_limit or 100
    return Reply(200, {"value": [row("cores", "Total Regional vCPUs", used, limit), row("virtualMachines", "Virtual Machines", 0, 25000),
                                 row("StandardDSv3Family", "Standard DSv3 Family vCPUs", used, limit),
                                 row("lowPriorityCores", "Total Regional Spot vCPUs", 0, 10)]})


def price_row(region, size, sku, price, **more):
    row = {"currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": price, "unitPrice": price, "armRegionName": region,
           "location": "EU West", "effectiveStartDate": "2024-01-01T00:00:00Z", "meterId": "m-" + sku.replace(" ", "-"),
           "meterName": sku, "productName": "Virtual Machines DSv3 Series", "skuName": sku, "serviceName": "Virtual Machines",
           "serviceFamily": "Compute", "unitOfMeasure": "1 Hour", "type": "Consumption", "isPrimaryMeterRegion": True, "armSkuName": size}
    row.update(more)
    return row


def default_prices():
    """Per size and region: the one right row of each kind among those that look like it."""
    rows = []
    for region, price in (("westeurope", 0.12), ("northeurope", 0.107)):
        def add(sku, amount, size="Standard_D2s_v3", where=region, **more):
            rows.append(price_row(where, size, sku, amount, **more))

        add("D2s v3", price)
        add("D2s v3", 0.5, effectiveStartDate="2019-01-01T00:00:00Z")
        add("D2s v3", 0.001, effectiveStartDate="2099-01-01T00:00:00Z")
        add("D2s v3", 0.9, isPrimaryMeterRegion=False)
        add("D2s v3", 0.212, productName="Virtual Machines DSv3 Series Windows")
        add("D2s v3 Spot", 0.0241)
        add("D2s v3 Spot", 0.0631, productName="Virtual Machines DSv3 Series Windows")
        add("D2s v3 Low Priority", 0.024)
        add("D2s v3", 0.08, type="DevTestConsumption")
        add("D2s v3", 623.0, type="Reservation", reservationTerm="1 Year")
        add("D2s v3", 1204.0, type="Reservation", reservationTerm="3 Years")
        add("D2s v3", 0.02, serviceName="Azure Dedicated Host")
        add("D4s v3", 0.24, "Standard_D4s_v3", productName="DSv3 Series CloudServices")
        add("B2s", 0.0, "Standard_B2s")
        add("E4as v5 Spot", 0.05, "Standard_E4as_v5")
    return rows


FIELD = {"priceType": "type"}


def list_prices(world, request):
    clauses = re.split(r"\s+and\s+", request.query.get("$filter", ""))
    rows = world.prices
    for clause in filter(None, clauses):
        found = re.fullmatch(r"(\w+) eq '([^']*)'", clause.strip())
        if not found:
            return Reply(400, {"Error": {"Code": "BadRequest", "Message": "Invalid OData parameters supplied"}})
        name, value = found.groups()
        rows = [row for row in rows if row.get(FIELD.get(name, name), "") == value]
    skip = int(request.query.get("$skip", "0"))
    limit = world.price_page
    following = None
    if skip + limit < len(rows):
        query = {**request.query, "$skip": str(skip + limit)}
        following = world.price_url + "/api/retail/prices?" + world.encode_query(query)
    return Reply(200, {"BillingCurrency": "USD", "CustomerEntityId": "Default", "CustomerEntityType": "Retail",
                       "Items": rows[skip: skip + limit], "NextPageLink": following, "Count": len(rows[skip: skip + limit])})
