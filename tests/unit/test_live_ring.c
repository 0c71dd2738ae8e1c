#include "tests/support/cmocka_test.h"

#include "agent/live_ring.h"

#include <string.h>

static struct live_ring ring;

static void views_come_out_in_order(void **state)
{
    (void)state;
    struct live_report v = {.later_bytes = 0};
    memset(&ring, 0, sizeof ring);
    assert_int_equal(live_ring_pop(&ring, &v), 0);
    for (uint64_t n = 1; n < 100; n += 3) {
        for (uint64_t i = n; i < n + 3; i++) {
            v.later_bytes = i;
            live_ring_push(&ring, &v);
        }
        for (uint64_t i = n; i < n + 3; i++) {
            assert_int_equal(live_ring_pop(&ring, &v), 1);
            assert_int_equal(v.later_bytes, i);
        }
    }
    assert_int_equal(live_ring_pop(&ring, &v), 0);
}

static void a_full_ring_drops_the_newest(void **state)
{
    (void)state;
    struct live_report v = {.later_bytes = 0};
    memset(&ring, 0, sizeof ring);
    for (uint64_t i = 0; i < LIVE_RING_SLOTS + 5; i++) {
        v.later_bytes = i;
        live_ring_push(&ring, &v);
    }
    for (uint64_t i = 0; i < LIVE_RING_SLOTS; i++) {
        assert_int_equal(live_ring_pop(&ring, &v), 1);
        assert_int_equal(v.later_bytes, i);
    }
    assert_int_equal(live_ring_pop(&ring, &v), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_come_out_in_order),
        cmocka_unit_test(a_full_ring_drops_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
