/* A shared object, and no module. */
int drover_provider_modul(void);

int drover_provider_modul(void)
{
    return 1;
}
