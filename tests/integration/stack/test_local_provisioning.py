"""Queues and buckets of a template in the emulator: made once, brought up to date, never emptied."""

import pytest

from infra.local import aws
from infra.local.template import Template
from tests.integration.stack.toy_stack import TEMPLATE, ToyStack

pytestmark = pytest.mark.xdist_group("toys")


def provision(toys: ToyStack, **parameters: str) -> None:
    """The resources under a stage of their own, so that no function reads these queues."""
    url = toys.config.aws_endpoint_url
    resources = Template(TEMPLATE, {"Stage": "spare", **parameters}).resources()
    aws.provision(resources, endpoint_url=url, kms_endpoint_url=url, key_ids={})


def test_provisioning_again_changes_what_the_template_changed_and_keeps_the_messages(toys: ToyStack) -> None:
    provision(toys, VisibilitySeconds="1")
    queue = toys.sqs.get_queue_url(QueueName="dentalist-spare-orders.fifo")["QueueUrl"]
    toys.sqs.send_message(QueueUrl=queue, MessageBody="kept", MessageGroupId="g", MessageDeduplicationId="d")

    provision(toys, VisibilitySeconds="7")

    attributes = toys.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["VisibilityTimeout"] == "7"
    assert attributes["FifoQueue"] == "true"
    assert "dentalist-spare-orders-dead.fifo" in attributes["RedrivePolicy"]
    assert toys.sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "kept"


def test_buckets_are_made_under_the_names_of_the_template(toys: ToyStack) -> None:
    provision(toys)
    s3 = aws.client("s3", toys.config.aws_endpoint_url)
    s3.put_object(Bucket="dentalist-spare-files", Key="a/b.json", Body=b"{}")
    provision(toys)

    assert s3.get_object(Bucket="dentalist-spare-files", Key="a/b.json")["Body"].read() == b"{}"
