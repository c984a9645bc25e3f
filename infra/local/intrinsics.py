"""The part of CloudFormation's language that template.yaml uses: parameters, references and conditions."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

_SUB_REFERENCE = re.compile(r"\$\{(!?)([^}]+)\}")


class TemplateError(Exception):
    """template.yaml says something the local stack does not understand."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, ``!Ref x`` read as ``{"Ref": "x"}``."""


def _construct_tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise TemplateError(f"!{suffix} is written on something that is no value")
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _construct_tag)


def load_yaml(text: str) -> dict[str, Any]:
    """Parse a template, tags included."""
    document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader that knows the tags and nothing else
    if not isinstance(document, dict):
        raise TemplateError("the template is not a mapping")
    return document


class Resolver:
    """Replaces the intrinsic functions of one template by their values.

    ``reference`` and ``attribute`` answer for resources: ``Ref`` of a logical id, ``GetAtt`` of one and an attribute.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, str],
        *,
        reference: Callable[[str], str],
        attribute: Callable[[str, str], str],
    ) -> None:
        self._parameters = _with_defaults(template.get("Parameters", {}), parameters)
        self._conditions: Mapping[str, Any] = template.get("Conditions", {})
        self._reference = reference
        self._attribute = attribute
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self.reference,
            "Condition": self.condition,
            "Fn::GetAtt": self._get_attribute,
            "Fn::Sub": self._substitute,
            "Fn::Join": lambda argument: argument[0].join(str(part) for part in self.resolve(argument[1])),
            "Fn::Split": lambda argument: str(self.resolve(argument[1])).split(argument[0]),
            "Fn::Select": lambda argument: self.resolve(argument[1])[int(argument[0])],
            "Fn::If": lambda argument: self.resolve(argument[1 if self.condition(argument[0]) else 2]),
            "Fn::Equals": lambda argument: str(self.resolve(argument[0])) == str(self.resolve(argument[1])),
            "Fn::Not": lambda argument: not self.resolve(argument[0]),
            "Fn::And": lambda argument: all(self.resolve(part) for part in argument),
            "Fn::Or": lambda argument: any(self.resolve(part) for part in argument),
        }

    def resolve(self, node: Any) -> Any:
        """The value of a part of the template.

        Raises:
            TemplateError: it uses an intrinsic function or names a resource this stack does not know.
        """
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in self._functions:
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                raise TemplateError(f"the intrinsic function {name} is not supported by the local stack")
        values = {key: self.resolve(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def reference(self, name: str) -> Any:
        """What ``!Ref name`` stands for."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        if name in self._parameters:
            return self._parameters[name]
        return self._reference(name)

    def condition(self, name: str) -> bool:
        """Whether the named condition holds."""
        if name not in self._conditions:
            raise TemplateError(f"there is no condition {name}")
        return bool(self.resolve(self._conditions[name]))

    def _get_attribute(self, argument: list[str]) -> str:
        logical_id, attribute = argument
        return self._attribute(logical_id, attribute)

    def _substitute(self, argument: str | list[Any]) -> str:
        text, local = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:  # ${!Name} is written out as ${Name}
                return f"${{{name}}}"
            if name in local:
                return str(self.resolve(local[name]))
            if "." in name:
                return str(self._attribute(*name.split(".", 1)))
            return str(self.reference(name))

        return _SUB_REFERENCE.sub(value, text)


class _NoValue:
    """``AWS::NoValue``: the property is left out."""


NO_VALUE = _NoValue()
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
PSEUDO_PARAMETERS = {
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "dentalist-local",
}


def _with_defaults(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, declaration in declared.items():
        if name in given:
            values[name] = given[name]
        elif "Default" in declaration:
            values[name] = declaration["Default"]
        else:
            raise TemplateError(f"the parameter {name} has neither a value nor a default")
    return values
