"""The fault proxy in front of the ARM double, over TLS: the double's own addresses then lead through it.

Beyond the kinds of doubles/fault_proxy.py it knows "twice": the request reaches the double two times, as when something between
repeats it, and the second answer is given. `each(kinds)` spoils every request that was not seen before once, kinds in turn."""
import itertools
import ssl

from doubles.fault_proxy import FaultProxy, Handler


class TwiceHandler(Handler):
    def spoil(self, fault, body):
        if fault["kind"] == "twice":
            self.forward(body)
        return super().spoil(fault, body)


class SecureProxy(FaultProxy):
    def __init__(self, double):
        super().__init__(double.arm_url, context=ssl.create_default_context(cafile=double.ca_file))
        self.server.RequestHandlerClass = TwiceHandler
        self.server.handle_error = lambda *_: None  # clients that are killed, and resets, are part of the play
        self.server.socket = double.context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = self.url.replace("http:", "https:")
        self.kinds, self.seen = None, set()
        world = double.world
        world.arm_url = world.authority_url = world.price_url = self.url

    def each(self, kinds):
        self.kinds, self.seen = itertools.cycle(kinds) if kinds else None, set()

    def take(self, text):
        found = super().take(text)
        line = text.split("\n", 1)[0]
        with self.lock:
            if found or self.kinds is None or line in self.seen:
                return found
            self.seen.add(line)
            return dict(next(self.kinds))

    def hold(self, skip=0, match=""):
        """The request after the next `skip` is done and its answer waits for release()."""
        self.arrived.clear()
        self.released.clear()
        self.fault("hold", match=match, skip=skip)
