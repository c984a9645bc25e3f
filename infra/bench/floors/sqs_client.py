"""The floor of a cold start: what importing and making an SQS client costs, with botocore alone."""

import botocore.session

client = botocore.session.get_session().create_client("sqs")
