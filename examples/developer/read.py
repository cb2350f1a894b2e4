"""Which offerings there are, and how they stand. What is public needs no key."""
import json
import os
from urllib.request import urlopen

with urlopen(os.environ["SOFTCAP_URL"] + "/v1/offerings") as answer:
    for offering in json.load(answer)["offerings"]:
        print(offering["name"], offering["phase"], offering["raised"]["display"])
