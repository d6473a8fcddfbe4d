"""An S3 server on loopback (moto) with a bucket whose object lock keeps every version for 30 days.

Prints a line of JSON with the endpoint and the keys of two users: "writer" may read and write, "deleter" may delete
too, but neither may delete a version or pass over the lock. Then answers each line on standard input with a line of
JSON.
"""

import json
import sys
import urllib.request
from urllib.parse import quote, unquote

import boto3
from botocore.exceptions import ClientError
from moto.iam.access_control import IAMRequestBase
from moto.server import ThreadedMotoServer

BUCKET = "studio"
OBJECTS, ITSELF = f"arn:aws:s3:::{BUCKET}/*", f"arn:aws:s3:::{BUCKET}"


def policy(*statements: tuple[list[str], str]) -> str:
    allowed = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


POLICIES = {
    "writer": policy((["s3:GetObject", "s3:PutObject"], OBJECTS), (["s3:ListBucket"], ITSELF)),
    "deleter": policy((["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], OBJECTS), (["s3:ListBucket"], ITSELF)),
    "owner": policy((["*"], "*")),
}


as_written = IAMRequestBase._create_aws_request


def as_signed(request):
    """The request whose signature moto computes, with its query as the rules want it and not as the client wrote it."""
    made = as_written(request)
    path, _, query = made.url.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    encoded = sorted("=".join(quote(unquote(part), safe="-_.~") for part in (key, value)) for key, _, value in pairs)
    made.url = f"{path}?{'&'.join(encoded)}"
    return made


class Bucket:
    def __init__(self) -> None:
        IAMRequestBase._create_aws_request = as_signed
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        _, port = self.server.get_host_and_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        anybody = {"AccessKeyId": "setup", "SecretAccessKey": "setup"}
        iam, s3 = self.client("iam", anybody), self.client("s3", anybody)
        self.keys = {}
        for user, rights in POLICIES.items():
            iam.create_user(UserName=user)
            iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=rights)
            self.keys[user] = iam.create_access_key(UserName=user)["AccessKey"]
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
        lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=lock)
        # From here on every request needs a valid signature and the right to do what it asks.
        enforce = f"{self.endpoint}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(enforce, b"0", {"Content-Type": "text/plain"}))

    def client(self, service, key):
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    def as_user(self, user):
        return self.client("s3", self.keys[user])

    def listed(self):
        """Every version and every delete marker, as (key, version)."""
        found = {"Versions": [], "DeleteMarkers": []}
        for page in self.as_user("owner").get_paginator("list_object_versions").paginate(Bucket=BUCKET):
            for kind, those in found.items():
                those += [(each["Key"], each["VersionId"]) for each in page.get(kind, ())]
        return found

    def state(self):
        found = self.listed()
        visible = self.as_user("owner").list_objects_v2(Bucket=BUCKET).get("Contents", ())
        return {
            "versions": len(found["Versions"]),
            "markers": len(found["DeleteMarkers"]),
            "visible": sorted(each["Key"] for each in visible),
        }

    def attack(self):
        """What ransomware with the deleter's key can do: delete every file, and try to delete every version."""
        thief = self.as_user("deleter")
        versions = self.listed()["Versions"]
        refused = 0
        for key, version in versions:
            for more in ({}, {"BypassGovernanceRetention": True}):
                try:
                    thief.delete_object(Bucket=BUCKET, Key=key, VersionId=version, **more)
                except ClientError:
                    refused += 1
        # Not even the owner of the account, while the lock holds.
        for key, version in versions[:1]:
            try:
                self.as_user("owner").delete_object(Bucket=BUCKET, Key=key, VersionId=version)
            except ClientError:
                refused += 1
        for key in {key for key, _ in versions}:
            thief.delete_object(Bucket=BUCKET, Key=key)
        return {"tried": 2 * len(versions) + 1, "refused": refused}

    def undelete(self):
        """What the owner does afterwards, with a key that was never on the studio's computer."""
        markers = self.listed()["DeleteMarkers"]
        for key, version in markers:
            self.as_user("owner").delete_object(Bucket=BUCKET, Key=key, VersionId=version)
        return {"removed": len(markers)}


def main() -> None:
    bucket = Bucket()
    keys = {user: [key["AccessKeyId"], key["SecretAccessKey"]] for user, key in bucket.keys.items()}
    print(json.dumps({"endpoint": bucket.endpoint, "bucket": BUCKET, **keys}), flush=True)
    actions = {"state": bucket.state, "attack": bucket.attack, "undelete": bucket.undelete}
    for line in sys.stdin:
        print(json.dumps(actions[line.strip()]()), flush=True)


if __name__ == "__main__":
    main()
