"""What a model wrote, judged before a patient may read it."""
