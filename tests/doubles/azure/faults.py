"""Scripted trouble: what the double does instead of, or besides, answering.

A fault is a dictionary:
  method   "PATCH", or absent for any
  path     a regular expression looked for in path?query, absent for any
  skip     how many matching requests pass first (0)
  times    how many it strikes then (1; -1 for ever)
and exactly one of
  answer   {"status": 429, "headers": {...}, "body": object | text}   instead of handling the request
  close    "before": nothing is done, the connection closes; "after": it is done and the answer lost; "cut": half the body
  hold     true: it is done, and the answer waits until world.gate is set (world.held tells that it came)
  delay    seconds before the answer
  rewrite  {"nextLink": "https://..."}: top members put into the JSON answer
"""
import re


class Faults:
    def __init__(self):
        self.rules = []

    def add(self, **rule):
        rule.setdefault("skip", 0)
        rule.setdefault("times", 1)
        self.rules.append(rule)

    def clear(self):
        self.rules = []

    def strike(self, method, target):
        """The rule that hits this request, or None; counts it."""
        for rule in self.rules:
            if rule["times"] == 0 or rule.get("method", method) != method:
                continue
            if not re.search(rule.get("path", ""), target, re.IGNORECASE):
                continue
            if rule["skip"] > 0:
                rule["skip"] -= 1
                continue
            if rule["times"] > 0:
                rule["times"] -= 1
            return rule
        return None
