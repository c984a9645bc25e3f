"""The floor of a cold start as most functions have it: an SQS client made by boto3."""

import boto3

client = boto3.client("sqs")
