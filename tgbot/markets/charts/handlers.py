"""`/chart`."""

from dataclasses import replace

from tgbot.core.errors import UsageError
from tgbot.core.market import Interval
from tgbot.core.people import Person
from tgbot.core.reply import Reply, T
from tgbot.core.routing import Command, Incoming, Place, Press, Route
from tgbot.markets.charts import views
from tgbot.markets.charts.request import NotAnInterval, parse_request, print_interval, read_interval
from tgbot.markets.charts.service import CANDLES, Charts
from tgbot.markets.symbols import Symbols

LONGEST_WORD = 24


class ChartHandlers:
    def __init__(self, symbols: Symbols, charts: Charts) -> None:
        self._symbols = symbols
        self._charts = charts

    def routes(self) -> list[Route]:
        return [
            Command("chart", self.show, aliases=("c",), place=Place.ANYWHERE),
            Press("chart", self.show_beside),
            Press("redraw", self.show),
        ]

    async def show_beside(self, person: Person, incoming: Incoming) -> Reply:
        """*Chart* on a price card, which stays."""
        return replace(await self.show(person, incoming), is_new=True)

    async def show(self, person: Person, incoming: Incoming) -> Reply:
        """`/chart PAIR [1h]`, and the buttons beneath its answer. What is a person's own is nothing for a group."""
        request = parse_request(incoming.args)
        if not request.pair:
            return views.which_chart(self._symbols.popular(person.quote), request.interval, request.theme)
        rule = self._symbols.read_pair(
            request.pair, person.quote, lambda symbol: views.redraw(symbol, request.interval, request.theme)
        )
        try:
            interval = read_interval(request.interval) if request.interval else Interval.HOUR_1
        except NotAnInterval:
            offered = ", ".join(print_interval(interval) for interval in Interval)
            text = T.of("markets.no_interval", text=request.interval[:LONGEST_WORD], offered=offered)
            raise UsageError(text, views.every_interval(rule.symbol, request.theme)) from None
        chart = await self._charts.chart(person, rule.symbol, interval, request.theme, with_marks=incoming.is_private)
        if chart is None:
            return views.no_candles(rule.symbol, interval, request.theme, CANDLES)
        return views.chart_card(rule, chart, await self._charts.picture(chart))
