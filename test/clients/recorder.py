"""What a client was told, call by call: printed as one JSON document for the test that started the script."""

import json
import sys


class Report:
    def __init__(self):
        self.calls = []
        self.answers = []

    def answered(self, method, url, status, text):
        """Notes one answer as it came, so that nothing which a client drops on its way is missed."""
        self.answers.append({'method': method, 'target': str(url), 'status': status, 'text': text})

    def call(self, name, act, show=lambda value: value):
        """Runs `act` and notes how it ended; gives its value, or `None`."""
        before = len(self.answers)
        try:
            value = act()
        except Exception as error:  # a refusal, or a client that cannot read what it got
            self.note(name, None, error, before)
            return None
        self.note(name, show(value), None, before)
        return value

    def note(self, name, value, error, before):
        refusal = next((each for each in self.answers[before:] if each['status'] >= 400), None)
        call = {'call': name, 'value': value}
        if refusal is not None:
            call.update(status=refusal['status'], code=code_of(refusal['text']))
        elif error is not None:
            call['error'] = f'{type(error).__name__}: {error}'
        self.calls.append(call)

    def print(self):
        json.dump({'calls': self.calls, 'answers': self.answers}, sys.stdout, default=str)


def code_of(text):
    try:
        return json.loads(text)['data']['code']
    except (ValueError, KeyError, TypeError):
        return None
