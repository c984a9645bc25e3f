"""The Meta sandbox: a strict simulator of the WhatsApp Cloud API, and a page on which a person is the patient."""
