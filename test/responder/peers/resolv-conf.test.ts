import { describe, expect, test } from "vitest";
import { candidates, parseResolvConf } from "../../../responder/peers/resolv-conf.ts";

describe("the file", () => {
  test.each([
    ["nothing", "", { search: [], ndots: 1 }],
    ["what the kubelet writes", "search a.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n", { search: ["a.svc.cluster.local", "svc.cluster.local", "cluster.local"], ndots: 5 }],
    ["tabs, spaces at the end and dots at the end", "search\ta.example.\t b.example \noptions\tedns0\t ndots:2 \n", { search: ["a.example", "b.example"], ndots: 2 }],
    ["the last search list counts", "search a\nsearch b c\n", { search: ["b", "c"], ndots: 1 }],
    ["a domain is a search list of one", "search a b\ndomain c d\n", { search: ["c"], ndots: 1 }],
    ["and the other way round", "domain c\nsearch a b\n", { search: ["a", "b"], ndots: 1 }],
    ["comments and lines that do not start with their keyword", "#search a\n;search b\n search c\nsearching d\n", { search: [], ndots: 1 }],
    ["options of several lines", "options ndots:3\noptions timeout:1\n", { search: [], ndots: 3 }],
    ["ndots in its bounds", "options ndots:99\n", { search: [], ndots: 15 }],
    ["ndots that are no number", "options ndots:x ndots:-1 ndots:\n", { search: [], ndots: 1 }],
    ["the root as a domain", "search .\n", { search: [""], ndots: 1 }],
  ])("%s", (_, text, rules) => expect(parseResolvConf(text)).toEqual(rules));

  test("more domains than a pod may have are left out", () => {
    const domains = Array.from({ length: 40 }, (_, i) => `d${i}`);
    expect(parseResolvConf(`search ${domains.join(" ")}`).search).toEqual(domains.slice(0, 32));
  });
});

describe("the names to ask for", () => {
  const pod = { search: ["a.svc.cluster.local", "cluster.local"], ndots: 5 };
  test.each([
    ["one label", "peers", pod, ["peers.a.svc.cluster.local", "peers.cluster.local", "peers"]],
    ["fewer dots than ndots", "peers.b.svc", pod, ["peers.b.svc.a.svc.cluster.local", "peers.b.svc.cluster.local", "peers.b.svc"]],
    ["as many dots as ndots", "a.b.c.d.e.f", pod, ["a.b.c.d.e.f", "a.b.c.d.e.f.a.svc.cluster.local", "a.b.c.d.e.f.cluster.local"]],
    ["absolute", "peers.b.svc.cluster.local.", pod, ["peers.b.svc.cluster.local"]],
    ["no search list", "peers", { search: [], ndots: 1 }, ["peers"]],
    ["ndots 0", "peers", { search: ["a"], ndots: 0 }, ["peers", "peers.a"]],
    ["the root is not asked twice", "peers", { search: ["a", ""], ndots: 1 }, ["peers.a", "peers"]],
  ])("%s", (_, name, rules, names) => expect(candidates(name, rules)).toEqual(names));
});
