/* Forgets an endpoint: whoever watches memory must notice, or its silence about others means nothing. */

#include <macvlan.h>

int main(void)
{
    macvlan_endpoint *endpoint = 0;
    int result = macvlan_endpoint_new("eth0", "ens33", &endpoint, 0);
    endpoint = 0;
    return result < 0 || endpoint != 0;
}
