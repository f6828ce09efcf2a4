"""KuCoin's REST bodies, and how they become the words of `tgbot.core`. Each reader takes the raw `data` of an answer;
what does not fit raises one of `values.MALFORMED`."""
