/* Leaks an endpoint, which valgrind and AddressSanitizer must detect, to prove that they work. */

#include <macvlan.h>

int main(void)
{
    macvlan_endpoint *endpoint = 0;
    int result = macvlan_endpoint_new("eth0", "ens33", &endpoint, 0);
    endpoint = 0;
    return result < 0 || endpoint != 0;
}
