/* What cmocka.h wants to be included before it, in one place. */
#ifndef HEAPCAST_TESTS_CMOCKA_TEST_H
#define HEAPCAST_TESTS_CMOCKA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above */
#include <cmocka.h>

#define assert_contains(text, part)                                                                                    \
    do {                                                                                                               \
        if (strstr(text, part) == NULL)                                                                                \
            fail_msg("\"%s\" is not in \"%s\"", part, text);                                                           \
    } while (0)

#endif
