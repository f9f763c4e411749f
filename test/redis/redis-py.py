"""redis-py through its ordinary interface. Arguments: host, port, password. Ends with 0 when everything is as with Redis."""

import sys

import redis

host, port, password = sys.argv[1:]
r = redis.Redis(host=host, port=int(port), username="default", password=password, decode_responses=True, client_name="shop")
raw = redis.Redis.from_url(f"redis://default:{password}@{host}:{port}/0")


def same(got, wanted):
    if got != wanted:
        sys.exit(f"line {sys._getframe(1).f_lineno}: got {got!r}, wanted {wanted!r}")


r.flushall()
same(r.ping(), True)
same(r.set("a", "1", ex=100, nx=True), True)
same(r.set("a", "2", nx=True), None)
same(r.set("a", "2", xx=True, keepttl=True), True)
same(90 < r.ttl("a") <= 100, True)
same(r.set("a", "3", get=True), "2")
same(r.set("none", "3", xx=True), None)
same(r.getex("a", px=1_000_000), "3")
same(r.pttl("a") > 900_000, True)
same(r.persist("a"), True)
same(r.ttl("a"), -1)
same(r.ttl("none"), -2)
same(r.expire("a", 100, gt=True), False)
same(r.expire("a", 100), True)
same(r.getdel("a"), "3")
same(r.get("a"), None)

value = bytes(range(256)) * 400
same(raw.set("bytes", value), True)
same(raw.get("bytes"), value)
same(raw.strlen("bytes"), len(value))
same(raw.getrange("bytes", -2, -1), b"\xfe\xff")
same(r.set("text", "žluťoučký 🐎"), True)
same(r.get("text"), "žluťoučký 🐎")

same(r.mset({"b": 1, "c": 2}), True)
same(r.msetnx({"c": 1, "d": 2}), False)
same(r.mget(["b", "none", "c"]), ["1", None, "2"])
same(r.incr("b", 5), 6)
same(r.decrby("b", 7), -1)
same(r.append("c", "22"), 3)
same(r.setrange("c", 1, "x"), 3)
same(r.exists("b", "c", "none"), 2)
same(r.type("b"), "string")

pipe = r.pipeline(transaction=True)
same(pipe.set("t", "1").incr("t").get("t").execute(), [True, 2, "2"])
pipe = r.pipeline(transaction=False)
for _ in range(500):
    pipe.incr("n")
same(pipe.execute(), list(range(1, 501)))
try:
    r.pipeline(transaction=True).set("t", "abc").incr("t").execute()
    sys.exit("a transaction with an error in it raised nothing")
except redis.ResponseError as err:
    same("value is not an integer or out of range" in str(err), True)
try:
    r.execute_command("NONSENSE", "a")
    sys.exit("an unknown command raised nothing")
except redis.ResponseError as err:
    same(str(err), "unknown command 'NONSENSE', with args beginning with: 'a' ")

wanted = {f"page:{i}" for i in range(300)}
r.mset(dict.fromkeys(wanted, "x"))
same(set(r.scan_iter(match="page:*", count=20)), wanted)
same(len(r.keys("page:1?")), 10)
same(r.unlink(*wanted), 300)

same(r.client_getname(), "shop")
same(r.client_id() > 0, True)
same("redis_version" in r.info(), True)
same(r.info("keyspace")["db0"]["keys"], r.dbsize())
same(len(r.time()), 2)
same("shop" in [client["name"] for client in r.client_list()], True)
same(r.config_get("maxmemory").keys() == {"maxmemory"}, True)
same(r.command_count() > 40, True)
same(r.echo("x"), "x")
try:
    redis.Redis(host=host, port=int(port), password="wrong").ping()
    sys.exit("a wrong password was taken")
except redis.ResponseError as err:
    same(str(err).startswith("WRONGPASS"), True)
