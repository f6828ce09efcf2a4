"""KuCoin over REST and WebSocket. Its wire words stay in here; what comes out is `tgbot.core`."""
