from tgbot.cli import main

main()
