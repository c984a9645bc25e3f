"""SQS: critical alerts leave the product, by mail and by the professional's own WhatsApp."""
