"""A mail server for tests: python3 mail_server.py PORT FOLDER take|refuse|greylist|greylist-long|slow [CERT KEY]

Every mail that it accepts becomes a file in FOLDER, written before the answer. With port 0 it takes a
free one; the file FOLDER/port says which. With a certificate it asks for STARTTLS and for the user
cotmoc with the password mat-khau."""

import asyncio
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

port, folder, mood = int(sys.argv[1]), sys.argv[2], sys.argv[3]


class Handler:
    seen = set()
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if mood == "refuse":
            return "550 5.1.1 no such mailbox"
        if mood == "greylist-long":
            return "451 4.7.1 greylisted, try again in fifteen minutes"
        if mood == "greylist" and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if mood == "slow":
            await asyncio.sleep(1.5)
        Handler.count += 1
        name = os.path.join(folder, f"{os.getpid()}-{Handler.count}.eml")
        head = "".join(f"X-Rcpt-To: {to}\r\n" for to in envelope.rcpt_tos)
        with open(name + ".part", "wb") as file:
            file.write(head.encode() + envelope.content)
        os.rename(name + ".part", name)
        return "250 OK queued as %d" % Handler.count


def admits(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"cotmoc", b"mat-khau")
    return AuthResult(success=good, handled=False)


def options():
    if len(sys.argv) < 6:
        return {}
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    return {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": admits,
        "auth_required": True,
    }


async def main():
    loop = asyncio.get_running_loop()
    more = options()
    server = await loop.create_server(lambda: SMTP(Handler(), **more), "127.0.0.1", port)
    with open(os.path.join(folder, "port.part"), "w") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename(os.path.join(folder, "port.part"), os.path.join(folder, "port"))
    await server.serve_forever()


asyncio.run(main())
