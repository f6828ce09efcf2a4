import pytest
from playwright.async_api import expect
from telegram import Bot

from tests.browser import SHARED_LOOP, Chromium, Screen
from tests.playground.page.conftest import heard
from tgbot.playground import Playground
from tgbot.playground.chats import Chat, Person

pytestmark = [pytest.mark.browser, SHARED_LOOP]


async def test_each_person_sees_their_own_chats(
    playground: Playground, chat: Chat, bob: Person, screen: Screen, bot: Bot
) -> None:
    await bot.send_message(chat.id, "for Ann only")
    await expect(screen.message("for Ann only")).to_be_visible()
    await screen.person("Bob").click()
    await expect(screen.page.get_by_text("for Ann only")).to_have_count(0)
    await screen.chat("Desk").click()
    await screen.say("hello all")
    await screen.person("Ann").click()
    await expect(screen.message("hello all")).to_contain_text("Bob")


async def test_in_a_group_a_message_for_one_is_seen_by_that_one(
    playground: Playground, ann: Person, screen: Screen, bot: Bot
) -> None:
    for_ann = {"ephemeral_message_parameters": {"receiver_user_id": ann.id}}
    await screen.chat("Desk").click()
    await bot.send_message(playground.desk.id, "Ann may not press this", api_kwargs=for_ann)
    await bot.send_message(playground.desk.id, "for all")
    await expect(screen.message("Ann may not press this")).to_be_visible()
    await screen.person("Bob").click()
    await screen.chat("Desk").click()
    await expect(screen.message("for all")).to_be_visible()
    await expect(screen.page.get_by_text("Ann may not press this")).to_have_count(0)


async def test_somebody_new_joins_and_starts(playground: Playground, screen: Screen, bot: Bot) -> None:
    await screen.page.get_by_role("button", name="Add").click()
    await screen.page.get_by_label("Name").fill("Zoë")
    await screen.page.get_by_label("Language of their app").select_option("de")
    await screen.page.get_by_role("dialog").get_by_role("button", name="Add").click()
    await expect(screen.person("Zoë")).to_have_attribute("aria-pressed", "true")
    await screen.button("Start").click()
    update = await heard(bot)
    assert update.effective_user is not None
    assert (update.effective_user.first_name, update.effective_user.language_code) == ("Zoë", "de")


async def test_roles_in_a_group_are_chosen_from_a_list(
    playground: Playground, bob: Person, eve: Person, screen: Screen, bot: Bot
) -> None:
    await screen.chat("Desk").click()
    await screen.button("Chat actions").click()
    await screen.page.get_by_role("menuitem", name="Members").click()
    members = screen.page.get_by_role("dialog", name="Desk")
    await expect(members.get_by_label("Role of Bob")).to_have_value("administrator")
    await members.get_by_label("Role of Eve").select_option("Admin")
    await expect(members.get_by_label("Role of Eve")).to_have_value("administrator")
    await playground.demote(playground.desk, bob)
    await expect(members.get_by_label("Role of Bob")).to_have_value("member")
    await members.get_by_label("Role of tgbot").select_option("Admin")
    await expect(members.get_by_label("Role of tgbot")).to_have_value("administrator")
    admins = {admin.user.first_name for admin in await bot.get_chat_administrators(playground.desk.id)}
    assert admins == {"Ann", "Eve", "tgbot"}
    await members.get_by_label("Role of Bob").select_option("Not in the group")
    await expect(screen.page.get_by_text("3 members")).to_be_visible()
    await members.get_by_role("button", name="Done").click()
    await expect(members).to_be_hidden()


async def test_what_was_not_read_is_counted_until_it_is_read(
    playground: Playground, chat: Chat, bob: Person, screen: Screen, bot: Bot
) -> None:
    desk = screen.chat("Desk")
    await playground.say(bob, playground.desk, "one")
    await bot.send_message(playground.desk.id, "two")
    await expect(desk.get_by_label("2 unread")).to_be_visible()
    await expect(screen.person("Bob").get_by_label("1 unread")).to_be_visible()
    await desk.click()
    await expect(desk.get_by_label("unread")).to_have_count(0)
    await bot.send_message(chat.id, "Filled")
    private = screen.chat("tgbot")
    await expect(private.get_by_label("1 unread")).to_be_visible()


async def test_the_end_stays_in_sight_unless_one_reads_further_up(
    playground: Playground, ann: Person, chat: Chat, screen: Screen, bot: Bot
) -> None:
    for number in range(40):
        await playground.say(ann, chat, f"line {number}")
    await expect(screen.message("line 39")).to_be_in_viewport()
    first = screen.message("/start")
    await first.scroll_into_view_if_needed()
    await expect(screen.button("Scroll to the newest message")).to_be_visible()
    await bot.send_message(chat.id, "news")
    await expect(screen.button("Scroll to the newest message")).to_have_text("1")
    await expect(first).to_be_in_viewport()
    await screen.button("Scroll to the newest message").click()
    await expect(screen.message("news")).to_be_in_viewport()
    await expect(screen.page.locator("#to-bottom")).to_be_hidden()


async def test_messages_that_grow_do_not_push_the_end_out_of_sight(
    playground: Playground, chat: Chat, screen: Screen, bot: Bot
) -> None:
    for number in range(30):
        card = await bot.send_message(chat.id, f"drawing {number}")
        await bot.edit_message_text(f"card {number}" + 12 * "\nline", chat.id, card.message_id)
    await expect(screen.message("card 29")).to_be_visible()
    await expect(screen.page.locator("#to-bottom")).to_be_hidden()
    await expect(screen.message("card 29").locator("time")).to_be_in_viewport()


async def test_a_reload_and_a_second_window_show_the_same(
    playground: Playground, bob: Person, screen: Screen, browser: Chromium, url: str
) -> None:
    await screen.person("Bob").click()
    await screen.chat("Desk").click()
    await screen.say("is it on?")
    await expect(screen.message("is it on?")).to_be_visible()
    await screen.page.reload()
    await expect(screen.person("Bob")).to_have_attribute("aria-pressed", "true")
    await expect(screen.message("is it on?")).to_be_visible()
    async with browser.open(url) as other:
        await other.chat("Desk").click()
        await screen.say("yes")
        await expect(other.message("yes")).to_be_visible()


async def test_what_cannot_be_done_is_said(playground: Playground, chat: Chat, screen: Screen, bot: Bot) -> None:
    await bot.send_message(chat.id, "soon gone")
    message = screen.message("soon gone")
    await message.locator(".bubble").click(button="right")
    playground.messages(chat)[-1].is_deleted = True
    await screen.page.get_by_role("menuitem", name="Forward").click()
    await screen.page.get_by_role("dialog").get_by_role("button", name="Desk").click()
    await expect(screen.page.locator(".toast")).to_contain_text("message not found")
