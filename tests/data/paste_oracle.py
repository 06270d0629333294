"""Python Paste with the apps of tests/tests/peers/paste.rs. Prints its port, then serves."""

import json

from paste import errordocument, httpserver
from paste.cascade import Cascade
from paste.httpexceptions import HTTPExceptionHandler
from paste.recursive import ForwardRequestException, RecursiveMiddleware
from paste.urlmap import URLMap


def answer(start_response, status, body):
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def shows(name):
    def app(environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        seen = {
            "app": name,
            "method": environ["REQUEST_METHOD"],
            "script_name": environ["SCRIPT_NAME"],
            "path_info": environ["PATH_INFO"],
            "query": environ.get("QUERY_STRING", ""),
            "body": environ["wsgi.input"].read(length).decode() if length else "",
        }
        return answer(start_response, "200 OK", json.dumps(seen).encode())

    return app


def only(segment, name):
    """Reads the body, then has nothing unless the path is one that it knows."""

    def app(environ, start_response):
        if environ["PATH_INFO"].split("/")[1:2] == [segment]:
            return shows(name)(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length:
            environ["wsgi.input"].read(length)
        return answer(start_response, "404 Not Found", b"nothing")

    return app


def forwards(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/plain":
        raise ForwardRequestException("/target")
    if path == "/query":
        raise ForwardRequestException("/target?x=1")
    if path == "/deep":
        raise ForwardRequestException("/plain")
    if path == "/loop":
        raise ForwardRequestException("/loop")
    if path == "/circle":
        raise ForwardRequestException("/back")
    if path == "/back":
        raise ForwardRequestException("/circle")
    return shows("forward")(environ, start_response)


def fails(environ, start_response):
    if environ["PATH_INFO"].startswith("/page"):
        return shows("page")(environ, start_response)
    if environ["PATH_INFO"] == "/gone":
        return answer(start_response, "410 Gone", b"gone")
    return answer(start_response, "404 Not Found", b"nothing")


def guarded(app):
    """What Paste raises where nobody catches is a 500, as behind its error middleware."""

    def wrapped(environ, start_response):
        try:
            return app(environ, start_response)
        except Exception as error:
            return answer(start_response, "500 Internal Server Error", repr(error).encode())

    return wrapped


site = URLMap()
# Paste's server hands paths over as text, not as WSGI would have it.
for key in ["", "/foo", "/foo/bar", "/a b", "/caf\u00e9"]:
    site[key] = shows(key)
for key in ["http://one.example/", "http://two.example/deep/path", "http://three.example:8080/"]:
    site[key] = shows(key)
site["/cascade"] = Cascade([only("one", "first"), only("two", "second"), only("three", "third")])
site["/forward"] = RecursiveMiddleware(forwards)
site["/errors"] = errordocument.forward(fails, codes={404: "/page?code=404"})

server = httpserver.serve(
    guarded(HTTPExceptionHandler(site)), host="127.0.0.1", port="0", start_loop=False
)
print(server.server_port, flush=True)
server.serve_forever()
