"""The frame of our own web pages: health now; metrics, webhook and the Mini App mount here."""
