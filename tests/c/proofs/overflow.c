/* Writes out of bounds, which valgrind and AddressSanitizer must detect, to prove that they
 * work. */

#include <macvlan.h>

#include <stdlib.h>

int main(int count, char **arguments)
{
    const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
    volatile char *text = (volatile char *)malloc(18);
    int result = text == 0 || macvlan_mac_format(mac, (char *)text, 0) < 0;
    (void)arguments;
    if (!result)
        text[17 + count] = 'x'; /* count is 1 */
    free((void *)text);
    return result;
}
