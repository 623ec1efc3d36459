"""Pricing and Service Quotas: JSON 1.1, neither of which moto has for EC2."""
import json

from .autoscaling import page
from .reply import Refusal


def product(sku, price, unit="Hrs", currency="USD"):
    """A product of the price list as it stands in PriceList: JSON text."""
    offer = f"{sku}.JRTCKXETXF"
    rate = f"{offer}.6YS6EN2CT7"
    return json.dumps({
        "product": {"sku": sku, "productFamily": "Compute Instance"}, "serviceCode": "AmazonEC2",
        "terms": {"OnDemand": {offer: {"sku": sku, "effectiveDate": "2026-11-01T00:00:00Z", "priceDimensions": {
            rate: {"unit": unit, "pricePerUnit": {currency: price}, "rateCode": rate}}}}}, "version": "1"})


def get_products(world, region, body):
    if region not in ("us-east-1", "eu-central-1", "ap-south-1", "cn-northwest-1"):
        raise Refusal(400, "AccessDeniedException", "no price list here")
    filters = {f["Field"]: f["Value"] for f in body.get("Filters", [])}
    products = world.prices.get((filters.get("regionCode"), filters.get("instanceType")), [])
    if "capacitystatus" not in filters:
        products = products + [product("RESERVED", "0.0000000000")]
    shown, token = page(world, products, body, "MaxResults")
    return {"FormatVersion": "aws_v1", "PriceList": shown, **({"NextToken": token} if token else {})}


def _quota(code, value):
    return {"Quota": {"ServiceCode": "ec2", "QuotaCode": code, "Value": value, "Adjustable": True, "Unit": "None"}}


def get_quota(world, region, body):
    code = body["QuotaCode"]
    if code not in world.quotas:
        raise Refusal(400, "com.amazonaws.servicequotas#NoSuchResourceException", "no such quota")
    return _quota(code, world.quotas[code])


def get_default_quota(world, region, body):
    code = body["QuotaCode"]
    values = {**world.default_quotas, **world.quotas}
    if code not in values:
        raise Refusal(400, "NoSuchResourceException", "no such quota")
    return _quota(code, values[code])


ACTIONS = {
    "AWSPriceListService.GetProducts": get_products, "ServiceQuotasV20190624.GetServiceQuota": get_quota,
    "ServiceQuotasV20190624.GetAWSDefaultServiceQuota": get_default_quota,
}
