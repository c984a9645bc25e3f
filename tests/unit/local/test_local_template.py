"""What the local stack reads out of a SAM template."""

import textwrap
from pathlib import Path

import pytest

from infra.local.intrinsics import TemplateError
from infra.local.model import Function, HttpRoute, QueueSource, Schedule
from infra.local.paths import TEMPLATE
from infra.local.stack import environment_name, settings_of_caller, template_parameters
from infra.local.template import Cloud, Template

TOY = Path(__file__).parents[2] / "integration" / "stack" / "toy" / "template.yaml"
CLOUD = Cloud("http://127.0.0.1:4566", {"CredentialsKey": "0d5c6a3e-0000-4000-8000-000000000000"})


def read(tmp_path: Path, resources: str, *, head: str = "") -> Template:
    """A template with these resources and a Stage."""
    path = tmp_path / "template.yaml"
    stage = "Parameters:\n  Stage: { Type: String, Default: toy }\n"
    body = textwrap.indent(textwrap.dedent(resources), "  ")
    path.write_text(f"{stage}{textwrap.dedent(head)}\nResources:\n{body}")
    return Template(path, {}, CLOUD)


def one_function(tmp_path: Path, properties: str, *, head: str = "") -> Function:
    resources = f"""
        WorkFunction:
          Type: AWS::Serverless::Function
          Properties:
            FunctionName: !Sub dentalist-${{Stage}}-work
            CodeUri: functions/work/
            Handler: work.handler.lambda_handler
            {properties}
    """
    return read(tmp_path, resources, head=head).application().functions[0]


def test_the_products_own_template_can_be_read_whole() -> None:
    template = Template(TEMPLATE, {"Stage": "local"}, CLOUD)

    functions = {function.name: function for function in template.application().functions}
    resources = template.resources()

    assert HttpRoute("POST", "/api/webhooks/whatsapp") in functions["webhook_whatsapp"].routes
    assert functions["webhook_whatsapp"].code == TEMPLATE.parent / "functions" / "webhook_whatsapp"
    assert {source.queue_name for source in functions["inbox_worker"].sources} >= {"dentalist-local-inbound.fifo"}
    assert functions["sweeper"].schedules[0].expression == "rate(1 minute)"
    assert {queue.name for queue in resources.queues} >= {"dentalist-local-inbound.fifo", "dentalist-local-replies"}
    assert [key.logical_id for key in resources.keys] == ["CredentialsKey"]


def test_a_function_is_named_by_its_folder_and_keeps_its_full_name() -> None:
    echo = Template(TOY, {}).application().functions[0]

    assert (echo.name, echo.full_name) == ("echo", "dentalist-toy-echo")
    assert echo.arn == "arn:aws:lambda:us-east-1:000000000000:function:dentalist-toy-echo"


def test_references_become_urls_arns_and_names() -> None:
    template = Template(TOY, {"ResultsFile": "/results"}, CLOUD)
    functions = {function.name: function for function in template.application().functions}

    assert functions["echo"].environment["JOBS_QUEUE_URL"] == "http://127.0.0.1:4566/000000000000/dentalist-toy-jobs"
    assert functions["consumer"].environment == {"SHARED": "yes-from-globals", "RESULTS_FILE": "/results"}
    assert functions["consumer"].sources[0] == QueueSource(
        "arn:aws:sqs:us-east-1:000000000000:dentalist-toy-orders.fifo", batch_size=10, reports_item_failures=True
    )
    assert not functions["consumer"].sources[1].reports_item_failures


def test_dead_letter_queues_come_before_the_queues_that_name_them() -> None:
    queues = Template(TOY, {}).resources().queues

    arns = [queue.arn for queue in queues]
    for queue in queues:
        assert queue.dead_letter_arn is None or arns.index(queue.dead_letter_arn) < arns.index(queue.arn)


def test_queue_attributes_are_those_of_create_queue() -> None:
    orders = next(queue for queue in Template(TOY, {}).resources().queues if queue.logical_id == "Orders")

    assert orders.attributes["FifoQueue"] == "true"
    assert orders.attributes["VisibilityTimeout"] == "1"
    assert "QueueName" not in orders.attributes


def test_layers_and_variables_of_globals_and_function_are_put_together(tmp_path: Path) -> None:
    head = """
        Globals:
          Function:
            Timeout: 30
            Layers: [!Ref CoreLayer]
            Environment: { Variables: { A: shared, B: shared } }
    """
    resources = """
        CoreLayer: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: x } }
        AiLayer: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: x } }
        WorkFunction:
          Type: AWS::Serverless::Function
          Properties:
            FunctionName: !Sub dentalist-${Stage}-work
            CodeUri: functions/work/
            Handler: work.handler.lambda_handler
            Layers: [!Ref AiLayer]
            Timeout: 5
            Environment: { Variables: { B: own } }
    """
    function = read(tmp_path, resources, head=head).application().functions[0]

    assert function.layers == ("CoreLayer", "AiLayer")
    assert function.environment == {"A": "shared", "B": "own"}
    assert function.timeout_seconds == 5


def test_both_kinds_of_schedule_are_read(tmp_path: Path) -> None:
    function = one_function(
        tmp_path,
        """Events:
              New: { Type: ScheduleV2, Properties: { ScheduleExpression: "cron(0 3 * * ? *)",
                     ScheduleExpressionTimezone: America/Lima, State: DISABLED } }
              Old: { Type: Schedule, Properties: { Schedule: rate(1 hour), Input: '{"a": 1}' } }""",
    )

    assert function.schedules == (
        Schedule("WorkFunctionNew", "cron(0 3 * * ? *)", "America/Lima", "aws.scheduler", enabled=False),
        Schedule("WorkFunctionOld", "rate(1 hour)", "UTC", "aws.events", input='{"a": 1}'),
    )


def test_conditions_choose_resources_and_values(tmp_path: Path) -> None:
    head = """
        Conditions:
          IsProduction: !Equals [!Ref Stage, production]
          IsToy: !Not [!Condition IsProduction]
    """
    resources = """
        Yes:
          Type: AWS::SQS::Queue
          Condition: IsToy
          Properties:
            QueueName: !Join ["-", [a, !Select [1, !Split ["/", "x/b"]]]]
            DelaySeconds: !If [IsProduction, 1, 2]
            MessageRetentionPeriod: !If [IsProduction, 60, !Ref AWS::NoValue]
        No: { Type: AWS::SQS::Queue, Condition: IsProduction, Properties: { QueueName: no } }
    """
    queues = read(tmp_path, resources, head=head).resources().queues

    assert [(queue.name, queue.attributes) for queue in queues] == [("a-b", {"DelaySeconds": "2"})]


def test_sub_keeps_literals_and_takes_variables_of_its_own(tmp_path: Path) -> None:
    resources = """
        Q: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub ["${Stage}-${Own}-${!Kept}", { Own: !Ref Stage }] } }
    """
    assert read(tmp_path, resources).resources().queues[0].name == "toy-toy-${Kept}"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ("MemorySize: !ImportValue other", "Fn::ImportValue"),
        ("Timeout: !Ref Nobody", "no parameter or resource Nobody"),
        ("Events: { T: { Type: Kinesis, Properties: {} } }", "type Kinesis"),
        ("Events: { Q: { Type: SQS, Properties: { Queue: x, MaximumBatchingWindowInSeconds: 5 } } }", "Batching"),
        ("Events: { Q: { Type: SQS, Properties: { Queue: x, BatchSize: 100 } } }", "1 to 10"),
    ],
)
def test_what_the_stack_does_not_know_is_named_in_the_error(tmp_path: Path, properties: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        one_function(tmp_path, properties)


def test_a_parameter_without_value_or_default_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Parameters: { Stage: { Type: String } }\nResources: {}\n")

    with pytest.raises(TemplateError, match="Stage has neither"):
        Template(path, {})


def test_every_parameter_has_the_environment_name_of_the_contract() -> None:
    assert environment_name("WhatsappApiBaseUrl") == "WHATSAPP_API_BASE_URL"
    assert environment_name("OpenaiApiKey") == "OPENAI_API_KEY"
    assert environment_name("ReplyDebounceSeconds") == "REPLY_DEBOUNCE_SECONDS"
    assert {"WhatsappApiBaseUrl", "ReplyDebounceSeconds"} <= set(template_parameters())


def test_the_callers_settings_are_the_applications_and_never_the_stacks_own_store() -> None:
    environment = {
        "WHATSAPP_API_BASE_URL": "http://graph.example",
        "REPLY_DEBOUNCE_SECONDS": "0",
        "OPENAI_API_KEY": "",
        "SUPABASE_URL": "https://somewhere.example",
        "STAGE": "production",
        "HOME": "/root",
    }
    assert settings_of_caller(environment) == {
        "REPLY_DEBOUNCE_SECONDS": "0",
        "WHATSAPP_API_BASE_URL": "http://graph.example",
    }
