// What a server allocates with: jemalloc (decisions/0031-jemalloc.md), set up
// here, as its manual has it for a program that is linked with it. Whoever
// links this library has it in the place of the C library's.
//
// Pages that are free go back to the system a second after, by a thread of
// jemalloc's own: a burst is paid for once, and no loop does it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";
}
